"""One thing wrong with an input, and the path to it."""

from dataclasses import dataclass


class Verbatim(str):
    """A name in a path that is not one of ours, such as a header's: it is shown to the letter."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with an input: `path` leads to the field, in Python names."""

    path: tuple[str | int, ...]
    code: str
    message: str

    def below(self, *parents: str | int) -> "Fault":
        return Fault((*parents, *self.path), self.code, self.message)

    @property
    def field(self) -> list[str]:
        """The path in the names people type: `("settings", "expected_status", 0)` is `settings expectedStatus 0`."""
        return [str(part) if isinstance(part, int | Verbatim) else camel(part) for part in self.path]


def camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(word.capitalize() for word in rest)
