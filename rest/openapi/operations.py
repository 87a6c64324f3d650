"""One row of the route table as an operation."""

from dataclasses import fields
from typing import Any, get_type_hints

from strawberry import ID

from is0k.rest.openapi.answers import Answers, is_single_read
from is0k.rest.openapi.headers import request_headers
from is0k.rest.openapi.table import Table, collection_of, input_of, query_kinds, said_of, title
from is0k.rest.row import Row
from is0k.schema.coercion import without_none
from is0k.schema.faults import camel
from is0k.schema.ids import pattern_of, prefix_of_noun, sample
from is0k.schema.json_schema import Json, Schemas
from is0k.schema.plain import field_names


def operation(row: Row, table: Table, schemas: Schemas, answers: Answers) -> Json:
    said = said_of(row)
    body = _body(row, table, schemas, answers)
    parameters = [
        *_path_parameters(row, table),
        *(parameter for kind in query_kinds(row) for parameter in _query_parameters(kind, schemas)),
        *request_headers(row, is_single_read(row)),
    ]
    return {
        "operationId": table.operation_id(row),
        "summary": said.partition(". ")[0].removesuffix("."),
        "description": said,
        "tags": [title(collection_of(row))],
        "parameters": parameters,
        **({"requestBody": body} if body else {}),
        "responses": answers.of(row, _links(row, table)),
    }


def _path_parameters(row: Row, table: Table) -> list[Json]:
    names = [part[1:-1] for part in row.path.split("/") if part.startswith("{")]
    return [_path_parameter(name, table.nouns[collection_of(row)]) for name in names]


def _path_parameter(name: str, noun: type[Any]) -> Json:
    prefix = prefix_of_noun(noun.__name__ if name == "id" else name.removesuffix("_id"))
    schema: Json = {"type": "string"}
    if prefix:
        schema |= {"pattern": pattern_of(prefix), "examples": [sample(prefix)]}
    return {"name": name, "in": "path", "required": True, "description": "The id.", "schema": schema}


def _query_parameters(kind: type[Any], schemas: Schemas) -> list[Json]:
    hints = get_type_hints(kind)
    found = []
    for field in fields(kind):
        hint = without_none(hints[field.name])
        schema = schemas.field(field, hint)
        if hint is ID:
            # An id that cannot be is one that nothing has: the list is empty.
            schema.pop("pattern", None)
        said = schema.pop("description", None) or f"Only those with this {camel(field.name)}."
        found.append({"name": camel(field.name), "in": "query", "description": said, "schema": schema})
    return found


def _body(row: Row, table: Table, schemas: Schemas, answers: Answers) -> Json | None:
    kind = input_of(row)
    if kind is None:
        return None
    ignored = field_names(row.verb.returns) if row.method in ("PUT", "PATCH") else frozenset[str]()
    describe = schemas.flat_input if row.types else schemas.input
    schema = describe(kind, table.model(row), ignored)
    is_required = row.verb.parameters["input"].default is row.verb.parameters["input"].empty
    content = {"schema": schema, **_examples(schema, answers)}
    return {"required": is_required, "content": {"application/json": content}}


def _examples(schema: Json, answers: Answers) -> Json:
    """One; or one for each type."""
    whole = answers.examples.behind(schema)
    choices = whole.get("oneOf") or whole.get("anyOf") or [schema]
    values = {choice["$ref"].rpartition("/")[2]: answers.examples.of(choice, is_whole=False) for choice in choices}
    return {"examples": {name: {"value": value} for name, value in values.items()}}


def _links(row: Row, table: Table) -> Json:
    """From what was made to what can be done with it."""
    if row.status != 201:
        return {}
    parameters = {"id": "$response.body#/data/id"}
    ids = [table.operation_id(other) for other in table.about(row)]
    return {name: {"operationId": name, "parameters": parameters} for name in ids}
