"""A cache that somebody else wrote to: nothing of it runs, nothing of it is believed, no page breaks."""

import pickle
from pathlib import Path
from typing import Any

import pytest
from django.core import signing
from django.core.cache import cache

from adtarget.core import cached

pytestmark = pytest.mark.redis


class RunsWhenUnpickled:
    def __init__(self, file: Path) -> None:
        self.file = file

    def __reduce__(self) -> Any:
        return Path.touch, (self.file,)


def poisons(trace: Path) -> list[bytes]:
    return [
        pickle.dumps(RunsWhenUnpickled(trace)),
        b"\x80\x04.",
        b"5",
        b"null",
        b'["overview", 1]',
        b"\xff\xfe",
        b"",
        signing.dumps(["another name", [1, 2]], salt=cached.SALT).encode(),
        signing.dumps({"shape": "of another release"}, salt=cached.SALT).encode(),
        signing.dumps(["a", 1], key="not-our-key", salt=cached.SALT).encode(),
    ]


@pytest.mark.promise("S20")
@pytest.mark.parametrize("number", range(10))
def test_what_was_not_written_by_us_is_absent(tmp_path: Path, number: int) -> None:
    read = cached.SignedJson().loads(poisons(tmp_path / "ran")[number])

    assert read is None or not (isinstance(read, list) and read[0] == "overview")
    assert not (tmp_path / "ran").exists()


def test_what_we_wrote_comes_back() -> None:
    value = ["overview:1", [1, {"EUR": "12.5000"}, [1, 2, 3], []]]
    assert cached.SignedJson().loads(cached.SignedJson().dumps(value)) == value


def test_a_value_counts_under_its_own_name_only() -> None:
    cached.remember("first", [1], seconds=60)
    cache.set("second", cache.get("first"))
    assert cached.remembered("first") == [1]
    assert cached.remembered("second") is None


def test_a_value_of_another_shape_is_made_anew() -> None:
    cached.remember("figures", {"old": 1}, seconds=60)
    assert cached.kept("figures", seconds=60, make=lambda: (1, 2), from_json=lambda found: (found[0], found[1])) == (
        1,
        2,
    )
