"""Reads many values from one text and matches each row to a conversion that awaits its value."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass, field

from django.db.models import Q, QuerySet

from conversions.forms import ValueForm
from conversions.models import Conversion
from leads.models.lead import LARGEST_TELEGRAM_ID

MOST_ROWS = 500
COLUMNS = ("who", "value", "currency", "email", "phone", "first_name", "last_name")
#: Column names as people write them, without case, blanks and underscores.
NAMES = {
    **{column.replace("_", ""): column for column in COLUMNS},
    **dict.fromkeys(("conversionid", "conversion", "id", "telegramuserid", "telegramid", "telegram", "lead"), "who"),
    "amount": "value",
    "e-mail": "email",
}


@dataclass(slots=True)
class PastedRow:
    """One line: whom it names, what it says, and what is wrong with it."""

    line: int
    who: str
    form: ValueForm
    conversion: Conversion | None = None
    problems: list[str] = field(default_factory=list)

    @property
    def is_ready(self) -> bool:
        return self.conversion is not None and not self.problems


class Unreadable(ValueError):
    """Not a table, or more than MOST_ROWS."""


def read_rows(text: str, awaiting: QuerySet[Conversion]) -> list[PastedRow]:
    """The rows of a text, matched to `awaiting`; raises Unreadable."""
    lines = _bounded_lines(text)
    matches = _matches([cells.get("who", "") for _, cells in lines], awaiting)
    rows, named = [], set()
    for number, cells in lines:
        row = _row(number, cells, matches)
        if row.conversion and row.conversion.pk in named:
            row.problems.append("This conversion stands in an earlier row.")
        elif row.conversion:
            named.add(row.conversion.pk)
        rows.append(row)
    return rows


def _bounded_lines(text: str) -> list[tuple[int, dict[str, str]]]:
    """The lines of the text; raises Unreadable for broken or too many ones."""
    try:
        lines = list(_lines(text))
    except csv.Error as error:
        raise Unreadable(f"This cannot be read as rows: {error}.") from error
    if len(lines) > MOST_ROWS:
        raise Unreadable(f"These are {len(lines)} rows; {MOST_ROWS} go at once.")
    return lines


def _lines(text: str) -> Iterator[tuple[int, dict[str, str]]]:
    first = text.lstrip("\ufeff\r\n ").partition("\n")[0]
    separator = max("\t;,", key=first.count)
    reader = csv.reader(text.lstrip("\ufeff").splitlines(), delimiter=separator)
    columns: list[str] | None = None
    for cells in reader:
        values = [cell.strip() for cell in cells]
        if not any(values):
            continue
        if columns is None:
            heads = [NAMES.get(value.lower().replace("_", "").replace(" ", ""), "") for value in values]
            columns = heads if {"who", "value"} <= set(heads) else list(COLUMNS)
            if columns == heads:
                continue
        yield reader.line_num, dict(zip(columns, values, strict=False))


def _matches(names: list[str], awaiting: QuerySet[Conversion]) -> dict[str, list[Conversion]]:
    people = {int(name) for name in names if name.isascii() and name.isdigit() and len(name) < 17}
    people = {person for person in people if person <= LARGEST_TELEGRAM_ID}
    found: dict[str, list[Conversion]] = {}
    for conversion in awaiting.filter(Q(pk__in=names) | Q(telegram_user_id__in=people)):
        found.setdefault(conversion.pk, []).append(conversion)
        found.setdefault(str(conversion.telegram_user_id), []).append(conversion)
    return found


def _row(number: int, cells: dict[str, str], matches: dict[str, list[Conversion]]) -> PastedRow:
    who = cells.get("who", "")
    found = matches.get(who, [])
    conversion = found[0] if len(found) == 1 else None
    form = ValueForm(cells, region=conversion.site.default_phone_region if conversion else "")
    row = PastedRow(number, who, form, conversion)
    if not found:
        row.problems.append("No conversion of this id awaits a value.")
    elif len(found) > 1:
        row.problems.append(f"{len(found)} conversions of this person await a value: use the conversion id.")
    for name, errors in form.errors.items():
        row.problems.extend(f"{form.fields[name].label or name.replace('_', ' ')}: {error}" for error in errors)
    return row
