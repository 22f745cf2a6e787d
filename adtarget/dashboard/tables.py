"""A table as the pages show it and the export writes it."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Table:
    """`texts` first columns are words, the others numbers. `bold` rows sum up those below them."""

    name: str
    title: str
    header: Sequence[str]
    rows: Sequence[Sequence[object]]
    texts: int = 1
    bold: frozenset[int] = frozenset()
