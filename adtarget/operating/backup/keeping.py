"""Which archives of a folder stay: the newest of each of the last days, weeks and months."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

_RULE = re.compile(r"(?:(\d+)d)?(?:(\d+)w)?(?:(\d+)m)?")
_NAME = re.compile(r"adtarget-(\d{8}T\d{6})Z\.tar(?:\.age)?")
_PERIODS = ("%Y-%m-%d", "%G-%V", "%Y-%m")


def read_rule(text: str) -> tuple[int, int, int]:
    """Days, weeks and months of a rule such as 7d4w; raises ValueError."""
    found = _RULE.fullmatch(text)
    if not text or found is None:
        raise ValueError(f"{text!r} is no rule; write such as 7d4w or 7d4w6m.")
    days, weeks, months = (int(number or 0) for number in found.groups())
    return days, weeks, months


def superfluous(files: Iterable[Path], rule: tuple[int, int, int]) -> list[Path]:
    """The archives that the rule does not keep; the newest always stays, and files of other names are left alone."""
    dated = sorted(((at, file) for file in files if (at := _moment_of(file))), reverse=True)
    kept = {file for _, file in dated[:1]}
    for most, period in zip(rule, _PERIODS, strict=True):
        newest: dict[str, Path] = {}
        for at, file in dated:
            newest.setdefault(at.strftime(period), file)
        kept |= set(list(newest.values())[:most])
    return [file for _, file in dated if file not in kept]


def _moment_of(file: Path) -> datetime | None:
    found = _NAME.fullmatch(file.name)
    return datetime.strptime(found[1], "%Y%m%dT%H%M%S").replace(tzinfo=UTC) if found else None
