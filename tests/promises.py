"""The numbered promises of docs/security.md and docs/reliability.md, and the tests that prove them.

    bin/promises            writes both tables
    bin/promises --check    fails where a table is not what the tests say

A test names what it proves: `@pytest.mark.promise("S7", "R3")`. The marks are read from the source.
"""

import ast
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BEGIN, END = "<!-- promises: made by bin/promises -->", "<!-- end of promises -->"
PAGES = {"S": ROOT / "docs" / "security.md", "R": ROOT / "docs" / "reliability.md"}

_READ = tomllib.loads((ROOT / "tests" / "promises.toml").read_text())
#: The sentence of each.
PROMISES: dict[str, str] = _READ["promises"]
#: What no test of the suite can prove, and the command that measures it.
MEASURED: dict[str, str] = _READ["measured"]


def marked() -> dict[str, list[str]]:
    """Promise → the tests that prove it, as `tests/x/test_y.py::test_z`."""
    found: dict[str, list[str]] = {}
    for file in sorted((ROOT / "tests").rglob("test_*.py")):
        for name, promises in _marks(file):
            for promise in promises:
                found.setdefault(promise, []).append(f"{file.relative_to(ROOT)}::{name}")
    return found


def _marks(file: Path) -> Iterator[tuple[str, list[str]]]:
    source = file.read_text()
    if "mark.promise" not in source:
        return
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef):
            calls = [one for one in node.decorator_list if isinstance(one, ast.Call) and _is_promise(one.func)]
            if calls:
                yield node.name, [str(ast.literal_eval(name)) for call in calls for name in call.args]


def _is_promise(function: ast.expr) -> bool:
    return isinstance(function, ast.Attribute) and function.attr == "promise"


def table(letter: str) -> str:
    """The promises of a page as Markdown, each with its tests."""
    tests = marked()
    lines = ["| | promise | proven by |", "|---|---|---|"]
    for promise, sentence in PROMISES.items():
        if promise[0] == letter:
            proofs = [f"`{test}`" for test in tests.get(promise, ())]
            if promise in MEASURED:
                proofs.append(f"measured by {MEASURED[promise]}")
            lines.append(f"| {promise} | {sentence} | {'<br>'.join(proofs)} |")
    return "\n".join(lines)


def page(letter: str) -> str:
    """The page with its table as it should be now."""
    before, _, rest = PAGES[letter].read_text().partition(BEGIN)
    return f"{before}{BEGIN}\n{table(letter)}\n{END}{rest.partition(END)[2]}"


def main() -> int:
    stale = [letter for letter in PAGES if PAGES[letter].read_text() != page(letter)]
    if "--check" in sys.argv:
        return len(stale)
    for letter in stale:
        PAGES[letter].write_text(page(letter))
    return 0


if __name__ == "__main__":
    sys.exit(main())
