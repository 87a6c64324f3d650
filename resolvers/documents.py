"""GraphQL documents, parsed, measured and validated once; the next time the same text comes it costs a look-up."""

import re
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any, NamedTuple

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    GraphQLSyntaxError,
    parse,
    specified_rules,
    validate,
)
from strawberry.schema.validation_rules.maybe_null import MaybeNullValidationRule
from strawberry.schema.validation_rules.one_of import OneOfInputValidationRule

from is0k.resolvers.complexity import LIMITS, Cost, costs_of, refuse_above
from is0k.schema.graphql_errors import QueryTooComplex

PARSE_FAILED, VALIDATION_FAILED = "GRAPHQL_PARSE_FAILED", "GRAPHQL_VALIDATION_FAILED"

# Enough to see what is wrong. A hostile document could have thousands, and each would be told with what is around it.
MOST_ERRORS = 5
RULES = (*specified_rules, MaybeNullValidationRule, OneOfInputValidationRule)

# A client that writes its values into the text never sends the same twice. Trees take a hundred times their text.
CACHED_DOCUMENTS = 256
CACHED_CHARACTERS = 128 * 1024


VALUE = re.compile(r"([,;]? found: |(?<!has invalid) value: ).*", re.DOTALL | re.IGNORECASE)
NUMBER = re.compile(r"[0-9]+")


class InvalidDocument(Exception):
    def __init__(self, errors: list[GraphQLError]) -> None:
        super().__init__(errors)
        self.errors = errors


class Prepared(NamedTuple):
    """A document that may run; what it costs may depend on the variables."""

    document: DocumentNode
    costs: Mapping[str | None, Cost]

    def refuse_costly(self, operation: str | None, variables: Mapping[str, Any] | None) -> None:
        """Raises QueryTooComplex. `operation` is one that the document has."""
        refuse_above("cost", self.costs[operation].points(variables or {}))


class Documents:
    """Those of one schema, the latest used kept, bounded in number and in size."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self._schema = schema
        self._kept: OrderedDict[str, Prepared] = OrderedDict()
        self.characters = 0

    def __len__(self) -> int:
        return len(self._kept)

    def prepare(self, text: str) -> Prepared:
        """Raises QueryTooComplex and InvalidDocument."""
        prepared = self._kept.get(text)
        if prepared is None:
            prepared = self._made(text)
            self._keep(text, prepared)
        else:
            self._kept.move_to_end(text)
        return prepared

    def _made(self, text: str) -> Prepared:
        document = _parsed(text)
        costs = costs_of(self._schema, document)
        if errors := validate(self._schema, document, RULES, MOST_ERRORS, hide_suggestions=True):
            raise InvalidDocument([_coded(error, VALIDATION_FAILED) for error in errors])
        return Prepared(document, costs)

    def _keep(self, text: str, prepared: Prepared) -> None:
        if len(text) > CACHED_CHARACTERS // 8:
            return
        self._kept[text] = prepared
        self.characters += len(text)
        while len(self._kept) > CACHED_DOCUMENTS or self.characters > CACHED_CHARACTERS:
            oldest, _ = self._kept.popitem(last=False)
            self.characters -= len(oldest)


def _parsed(text: str) -> DocumentNode:
    refuse_above("characters", len(text))
    # Python reads numbers of some thousand digits slowly, and longer ones not at all.
    refuse_above("digits", max(map(len, NUMBER.findall(text)), default=0))
    try:
        return parse(text, max_lexical_tokens=LIMITS["tokens"], max_comments=LIMITS["comments"])
    except GraphQLSyntaxError as error:
        if error.message.endswith("Parsing aborted."):
            limit = next((name for name in ("tokens", "comments") if name in error.message), "depth")
            raise QueryTooComplex(limit, LIMITS[limit] + 1, LIMITS[limit]) from None
        raise InvalidDocument([_coded(error, PARSE_FAILED)]) from None


def _coded(error: GraphQLError, code: str) -> GraphQLError:
    return GraphQLError(
        without_value(error.message), error.nodes, error.source, error.positions, extensions={"code": code}
    )


def without_value(message: str) -> str:
    """graphql-core ends what it says of a value with the value itself: as Python writes it, and however long."""
    return VALUE.sub("", message).replace("not to be None", "not to be null")
