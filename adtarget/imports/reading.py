"""Reads the rows of a CSV or JSON lines file; a row that cannot be read is one broken row, not the end."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, TextIO

from adtarget.api import parsing
from adtarget.core import errors
from adtarget.exports import spreadsheet

SEPARATORS = ",;\t|"
LONGEST_CELL = 65_536
#: Objects of a JSON row whose members are columns of their own, such as `pii.email`.
OPENED = ("pii", "consent")
csv.field_size_limit(LONGEST_CELL)


class Unusable(ValueError):
    """The file as a whole is no table."""


@dataclass(slots=True)
class Row:
    """One row: its place, what stands in its columns, and what is wrong with it as a whole."""

    number: int  # the first is 1; the header is none
    line: int  # where it ends in the file
    values: dict[str, Any] = field(default_factory=dict)
    problem: str = ""


def read(path: Path, *, after: int = 0) -> Iterator[Row]:
    """The rows behind the first `after`. Raises Unusable."""
    yield from islice(_rows(path), after, None)


def count(path: Path) -> int:
    return sum(1 for _ in _rows(path))


def columns(path: Path, *, rows: int = 200) -> list[str]:
    """The names of the columns: of the header, or all that the first rows of JSON name. Raises Unusable."""
    with _open(path) as file:
        if not _is_json(file):
            return _header(file)[0]
    return list({name: None for row in islice(_rows(path), rows) for name in row.values})


def _open(path: Path) -> TextIO:
    # What is not UTF-8 becomes half surrogates, which make their row a broken one.
    return path.open(encoding="utf-8-sig", errors="surrogateescape", newline="")


def _rows(path: Path) -> Iterator[Row]:
    with _open(path) as file:
        yield from _json_rows(file) if _is_json(file) else _csv_rows(file)


def _is_json(file: TextIO) -> bool:
    """Whether the first text of the file is an object; the file is at its beginning afterwards."""
    start = next((line for line in iter(lambda: file.readline(LONGEST_CELL), "") if line.strip()), "")
    file.seek(0)
    return start.lstrip().startswith("{")


def _header(file: TextIO) -> tuple[list[str], Any]:
    """The names of the columns, and the reader that stands behind them."""
    first = file.readline(LONGEST_CELL)
    while first and not first.strip():
        first = file.readline(LONGEST_CELL)
    file.seek(0)
    reader = csv.reader(file, delimiter=max(SEPARATORS, key=first.count))
    try:
        names = next((cells for cells in reader if any(cells)), [])
    except csv.Error as error:
        raise Unusable(f"The first line cannot be read as a header: {error}.") from error
    names = [name.strip() for name in names]
    if not any(names):
        raise Unusable("The file is empty.")
    twice = next((name for name in names if name and names.count(name) > 1), None)
    if twice:
        raise Unusable(f"The header names the column {twice[:60]} twice.")
    return names, reader


def _csv_rows(file: TextIO) -> Iterator[Row]:
    names, reader = _header(file)
    is_ours = "Conversion id" in names or names[:2] == ["Line", "Problem"]  # written by us, formulas disarmed
    number = 0
    while True:
        begins = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            number += 1
            yield Row(number, reader.line_num, problem=f"Lines {begins} to {reader.line_num} are no row: {error}.")
            continue
        if not any(cells):
            continue
        number += 1
        if len(cells) != len(names):
            problem = f"It has {len(cells)} cells, and the header names {len(names)} columns."
            yield Row(number, reader.line_num, _cells(names, cells, is_ours=is_ours), problem)
            continue
        yield _checked(Row(number, reader.line_num, _cells(names, cells, is_ours=is_ours)))


def _cells(names: list[str], cells: list[str], *, is_ours: bool) -> dict[str, Any]:
    found = {name: cell.strip() for name, cell in zip(names, cells, strict=False) if name}
    return {name: spreadsheet.uncell(cell) for name, cell in found.items()} if is_ours else found


def _json_rows(file: TextIO) -> Iterator[Row]:
    number = 0
    for line, text in enumerate(file, start=1):
        if not text.strip():
            continue
        number += 1
        try:
            given = parsing.read_object(text.strip().encode("utf-8"))
        except UnicodeEncodeError:
            yield Row(number, line, problem="It is not UTF-8.")
        except errors.InvalidPayload as error:
            yield Row(number, line, problem=str(error).replace("The body", "The row"))
        else:
            yield Row(number, line, _opened(given))


def _opened(given: dict[str, Any]) -> dict[str, Any]:
    """The row with the members of its inner objects as columns."""
    found: dict[str, Any] = {}
    for name, value in given.items():
        if name in OPENED and isinstance(value, dict):
            found |= {f"{name}.{inner}": content for inner, content in value.items()}
        else:
            found[name] = value
    return found


def _checked(row: Row) -> Row:
    text = "".join(row.values.values())
    if "\0" in text:
        row.problem = "It holds a NUL character."
    elif not text.isascii() and any("\ud800" <= char <= "\udfff" for char in text):
        row.problem = "It is not UTF-8."
    return row
