"""Tables as CSV that a spreadsheet shows and does not run."""

import csv
import re
from collections.abc import Iterable, Iterator, Sequence

#: What a spreadsheet may run: a formula's first sign at the start of a cell, or of what becomes a cell where the file
#: is read with another separator. https://owasp.org/www-community/attacks/CSV_Injection (read November 2026)
FORMULA = re.compile(r"""(^|[;,\t\r\n|])(?=[\s"]*[=+\-@\uff0b\uff0d\uff1d\uff20])|^(?=[\t\r\n])""")


_DISARMED = re.compile(r"""(^|[;,\t\r\n|])'(?=[\s"]*[=+\-@\uff0b\uff0d\uff1d\uff20])|^'(?=[\t\r\n])""")


class _Echo:
    def write(self, text: str) -> str:
        return text


def lines(header: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """The file line by line."""
    writer = csv.writer(_Echo())
    yield "\ufeff"  # without it, Excel takes UTF-8 for something else
    yield writer.writerow(header)
    for row in rows:
        yield writer.writerow([cell(value) for value in row])


def cell(value: object) -> str:
    """The value as text; an apostrophe keeps a spreadsheet from reading any part of it as a formula."""
    text = "" if value is None else str(value)
    return FORMULA.sub(r"\1'", text)


def uncell(text: str) -> str:
    """The text of a cell that `cell` wrote."""
    return _DISARMED.sub(r"\1", text)
