"""What the rows tell about each other: which noun a path is about, which input makes what another changes."""

from collections.abc import Sequence
from dataclasses import fields
from typing import Any, get_args, get_origin, get_type_hints

from is0k.rest.row import Row
from is0k.schema.coercion import without_none
from is0k.schema.faults import camel
from is0k.schema.page import Page


class Table:
    def __init__(self, rows: Sequence[Row]) -> None:
        self.rows = rows
        self.variants = dict(_variants(rows))
        self.nouns = {collection_of(row): self._noun_of(collection_of(row)) for row in rows}

    def model(self, row: Row) -> type[Any] | None:
        """The input that makes what this row changes; None for rows that change nothing."""
        collection = row.path.removesuffix("/{id}")
        is_made = [other for other in self.rows if (other.method, other.path) == ("POST", collection)]
        return input_of(is_made[0]) if is_made and row.method in ("PUT", "PATCH") else None

    def about(self, row: Row) -> list[Row]:
        """The rows about one of what this row makes."""
        return [other for other in self.rows if f"{other.path}/".startswith(f"{row.path}/{{id}}/")]

    def operation_id(self, row: Row) -> str:
        """The verb's name; PATCH is the same verb as PUT and must be called otherwise."""
        same = [other.method for other in self.rows if other.verb is row.verb]
        name = row.verb.name
        return camel(name if same[0] == row.method else f"{row.method.lower()}_{name.partition('_')[2]}")

    def _noun_of(self, collection: str) -> type[Any]:
        """That of the shortest path: what `/monitors` lists is a monitor."""
        rows = [row for row in self.rows if collection_of(row) == collection]
        return noun_of(min(rows, key=lambda row: len(row.path)))


def collection_of(row: Row) -> str:
    return row.path.split("/")[1]


def title(collection: str) -> str:
    return collection.replace("-", " ").capitalize()


def said_of(row: Row) -> str:
    """What the verb says of itself, in one line."""
    return " ".join((row.verb.__doc__ or row.verb.name).split())


def input_of(row: Row) -> type[Any] | None:
    parameter = row.verb.parameters.get("input")
    return without_none(parameter.annotation) if parameter else None


def noun_of(row: Row) -> type[Any]:
    """What the row shows, or what it shows a list of."""
    shown = row.verb.returns
    return get_args(shown)[0] if is_list(row) else shown  # type: ignore[no-any-return]


def is_list(row: Row) -> bool:
    return get_origin(row.verb.returns) in (Page, list)


def query_kinds(row: Row) -> list[type[Any]]:
    """The inputs that are read from the query string."""
    in_path = row.path.split("/")
    return [
        item.annotation
        for name, item in row.verb.parameters.items()
        if name != "input" and f"{{{name}}}" not in in_path
    ]


def _variants(rows: Sequence[Row]) -> Any:
    """Each class of settings, and the word of its type."""
    for row in rows:
        if row.types and (kind := input_of(row)):
            choice = without_none(get_type_hints(kind)["settings"])
            hints = get_type_hints(choice)
            yield from ((without_none(hints[field.name]).made_of, field.name) for field in fields(choice))
