"""Rows of files, whole and broken."""

from pathlib import Path

import pytest

from adtarget.exports import spreadsheet
from adtarget.imports import reading
from adtarget.imports.reading import Row, Unusable


@pytest.fixture
def rows(tmp_path: Path):
    def read(content: bytes, **more: int) -> list[Row]:
        path = tmp_path / "file"
        path.write_bytes(content)
        return list(reading.read(path, **more))

    return read


def test_a_row_is_read_by_its_header(rows) -> None:
    assert rows(b"a,b\n1,2\n")[0].values == {"a": "1", "b": "2"}


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_the_separator_is_found(rows, separator: str) -> None:
    assert rows(f"a{separator}b\n1{separator}2\n".encode())[0].values == {"a": "1", "b": "2"}


def test_excels_mark_is_no_part_of_a_name(rows) -> None:
    assert list(rows(b"\xef\xbb\xbfa,b\n1,2\n")[0].values) == ["a", "b"]


def test_a_quoted_line_break_stays_in_its_cell(rows) -> None:
    found = rows(b'a,b\n"1\nmore",2\n3,4\n')
    assert [(row.number, row.line) for row in found] == [(1, 3), (2, 4)]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"a,b\n1\n3,4\n", "It has 1 cells"),
        (b"a,b\n1,2,3\n3,4\n", "It has 3 cells"),
        (b"a,b\n1,\xff\n3,4\n", "It is not UTF-8"),
        (b"a,b\n1,\x00\n3,4\n", "NUL"),
        (b'{"a": 1\n{"a": 3}\n', "not valid JSON"),
        (b'{"a": 1, "a": 2}\n{"a": 3}\n', "names a key twice"),
        (b'{"a": "\xff"}\n{"a": 3}\n', "not UTF-8"),
        (b'{"a": NaN}\n{"a": 3}\n', "NaN is not a JSON number"),
        (b'{"a": 1}\n[1]\n{"a": 3}\n', "must be a JSON object"),
    ],
)
def test_a_broken_row_is_one_broken_row(rows, content: bytes, problem: str) -> None:
    found = rows(content)
    broken = [row for row in found if row.problem]
    assert len(broken) == 1
    assert problem in broken[0].problem
    assert found[-1].values["a"] in ("3", 3)


def test_a_quote_without_end_is_a_broken_row(rows) -> None:
    endless = b'a,b\n1,2\n"' + b"x" * 70_000 + b"\n3,4\n"
    found = rows(endless)
    assert [bool(row.problem) for row in found][:2] == [False, True]


def test_reading_goes_on_behind_a_row(rows) -> None:
    assert [row.number for row in rows(b"a\n1\n2\n3\n", after=2)] == [3]


def test_inner_objects_are_columns(rows) -> None:
    assert rows(b'{"pii": {"email": "a@b.c"}, "value": 1.5}\n')[0].values.keys() == {"pii.email", "value"}


@pytest.mark.parametrize("content", [b"", b"\n\n", b"a,b,a\n1,2,3\n"])
def test_what_is_no_table_is_refused(rows, content: bytes) -> None:
    with pytest.raises(Unusable):
        rows(content)


@pytest.mark.parametrize("text", ["=1+1", "-5", "a;=b", "@name", "plain", "it's", "\t=x", "a,-b"])
def test_disarmed_cells_are_read_as_they_were(text: str) -> None:
    assert spreadsheet.uncell(spreadsheet.cell(text)) == text
