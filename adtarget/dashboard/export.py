"""Tables as CSV that a spreadsheet shows and does not run."""

import csv
import re
from collections.abc import Iterable, Iterator, Sequence

from django.http import StreamingHttpResponse

#: What a spreadsheet may run: a formula's first sign at the start of a cell, or of what becomes a cell where the file
#: is read with another separator. https://owasp.org/www-community/attacks/CSV_Injection (read November 2026)
FORMULA = re.compile(r"""(^|[;,\t\r\n|])(?=[\s"]*[=+\-@\uff0b\uff0d\uff1d\uff20])|^(?=[\t\r\n])""")


class _Echo:
    def write(self, text: str) -> str:
        return text


def csv_answer(name: str, header: Sequence[str], rows: Iterable[Sequence[object]]) -> StreamingHttpResponse:
    """A download, row by row as they come."""
    answer = StreamingHttpResponse(_lines(header, rows), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return answer


def cell(value: object) -> str:
    """The value as text; an apostrophe keeps a spreadsheet from reading any part of it as a formula."""
    text = "" if value is None else str(value)
    return FORMULA.sub(r"\1'", text)


def _lines(header: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    writer = csv.writer(_Echo())
    yield "\ufeff"  # without it, Excel takes UTF-8 for something else
    yield writer.writerow(header)
    for row in rows:
        yield writer.writerow([cell(value) for value in row])
