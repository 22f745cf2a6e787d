"""Reads a hand-written JSON document; each error names the place, such as `sites[0].domain`."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple


class WrongField(Exception):
    """`path` is where in the document, the message what is wrong there."""

    def __init__(self, path: str, message: str) -> None:
        super().__init__(f"{path or 'document'}: {message}")
        self.path = path


@dataclass(frozen=True, slots=True)
class Node:
    """A value of the document and where it stands; absent and null are both None."""

    value: Any
    path: str = ""

    def wrong(self, message: str) -> WrongField:
        return WrongField(self.path, message)

    def names(self) -> list[str]:
        return list(self._object())

    def has(self, name: str) -> bool:
        return name in self._object()

    def child(self, name: str) -> "Node":
        return Node(self._object().get(name), f"{self.path}.{name}" if self.path else name)

    def items(self, name: str) -> list["Node"]:
        """The entries of a list; an absent list is empty."""
        child = self.child(name)
        if child.value is None:
            return []
        if not isinstance(child.value, list):
            raise child.wrong("must be a list.")
        return [Node(item, f"{child.path}[{index}]") for index, item in enumerate(child.value)]

    def required(self) -> "Node":
        if self.value is None or self.value == "":
            raise self.wrong("is required.")
        return self

    def _object(self) -> Mapping[str, Any]:
        if not isinstance(self.value, dict):
            raise self.wrong("must be an object.")
        return self.value


Reader = Callable[[Node], Any]
KEEP = object()  # null leaves the column as it is


class Field(NamedTuple):
    """A field of the document, the column it fills, and what null means there."""

    name: str
    column: str
    read: Reader
    null: Any = KEEP


def changes(node: Node, table: Iterable[Field]) -> dict[str, Any]:
    """Column → value of every field that the document names."""
    found = {
        field.column: field.null if (child := node.child(field.name)).value is None else field.read(child)
        for field in table
        if node.has(field.name)
    }
    return {column: value for column, value in found.items() if value is not KEEP}


def text(longest: int) -> Callable[[Node], str]:
    def read(node: Node) -> str:
        if not isinstance(node.value, str):
            raise node.wrong("must be a string.")
        if len(node.value) > longest:
            raise node.wrong(f"must have at most {longest} characters.")
        if "\x00" in node.value:
            raise node.wrong("must not hold NUL characters.")
        return node.value.strip()

    return read


def one_of(values: Iterable[str]) -> Callable[[Node], str]:
    allowed = list(values)

    def read(node: Node) -> str:
        if node.value not in allowed:
            raise node.wrong(f"must be one of {', '.join(allowed)}.")
        return str(node.value)

    return read


def flag(node: Node) -> bool:
    if not isinstance(node.value, bool):
        raise node.wrong("must be true or false.")
    return node.value


def whole_number(lowest: int, highest: int) -> Reader:
    """A whole number, or the same as a string of digits."""

    def read(node: Node) -> int:
        value = node.value
        if isinstance(value, bool) or not isinstance(value, int | str):
            raise node.wrong("must be a whole number.")
        try:
            number = int(value)
        except ValueError:
            raise node.wrong("must be a whole number.") from None
        if not lowest <= number <= highest:
            raise node.wrong(f"must be between {lowest} and {highest}.")
        return number

    return read


def checked(parse: Callable[[Any], Any]) -> Reader:
    """Reads with a domain function whose ValueError says what is wrong."""

    def read(node: Node) -> Any:
        try:
            return parse(node.value)
        except ValueError as error:
            raise node.wrong(str(error)) from error

    return read


def mapping(read_value: Reader) -> Reader:
    """An object whose values are all of one kind."""

    def read(node: Node) -> dict[str, Any]:
        return {name: read_value(node.child(name).required()) for name in node.names()}

    return read
