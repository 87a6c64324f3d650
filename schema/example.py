"""An example of what a JSON Schema describes, made from the schema alone so that the two cannot differ."""

from typing import Any

Json = dict[str, Any]

MOMENT, LATER = "2026-11-24T09:00:00.000Z", "2026-11-24T10:00:00.000Z"
# What a number of this unit may look like.
BY_UNIT = {"Percent": 99.95, "Ms": 120, "Seconds": 60}


class Examples:
    """`named` are the schemas that references lead to, by the last part of the reference."""

    def __init__(self, named: dict[str, Json]) -> None:
        self.named = named

    def of(self, schema: Json, name: str = "", *, is_whole: bool = True) -> Any:
        """`is_whole`: with all properties; else only those that are required, or that have an example of their own."""
        for key in ("const", "default"):
            if key in schema:
                return schema[key]
        for key in ("examples", "enum"):
            if key in schema:
                return schema[key][0]
        if "$ref" in schema:
            return self.of(self.behind(schema), name, is_whole=is_whole)
        for key in ("oneOf", "anyOf"):
            if key in schema:
                return self.of(schema[key][0], name, is_whole=is_whole)
        kind = schema.get("type")
        return self._typed(kind[0] if isinstance(kind, list) else kind, schema, name, is_whole)

    def behind(self, schema: Json) -> Json:
        """What a reference leads to."""
        return self.named[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema

    def _typed(self, kind: str | None, schema: Json, name: str, is_whole: bool) -> Any:
        if kind == "object":
            return self._object(schema, is_whole)
        if kind == "array":
            return [self.of(schema["items"], name.removesuffix("s"), is_whole=is_whole)]
        if kind in ("integer", "number"):
            return self._number(schema, name)
        if kind == "boolean":
            return True
        if kind == "string":
            return _moment(name) if schema.get("format") == "date-time" else _words(name)
        return None

    def _object(self, schema: Json, is_whole: bool) -> Json:
        properties = schema.get("properties", {})
        shown = (
            properties
            if is_whole
            else [*schema.get("required", ()), *(n for n in properties if "examples" in properties[n])]
        )
        return {name: self.of(properties[name], name, is_whole=is_whole) for name in properties if name in shown}

    def _number(self, schema: Json, name: str) -> float:
        guess: float = next((number for unit, number in BY_UNIT.items() if name.endswith(unit)), 1)
        smallest, largest = schema.get("minimum", guess), schema.get("maximum", guess)
        return (
            float(min(max(guess, smallest), largest))
            if schema["type"] == "number"
            else min(max(guess, smallest), largest)
        )


def _moment(name: str) -> str:
    return LATER if name.startswith("end") or name == "to" else MOMENT


def _words(name: str) -> str:
    """`lastMessage` is "Last message"."""
    apart = "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in name)
    return apart[:1].upper() + apart[1:]
