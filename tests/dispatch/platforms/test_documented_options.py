"""docs/pixels.md has every option of every platform, and no other."""

import re
from pathlib import Path

from dispatch.platforms.registry import PLATFORMS

PAGE = (Path(__file__).parents[3] / "docs" / "pixels.md").read_text().partition("## ")[0]


def documented() -> dict[str, set[str]]:
    """The options of each platform by the page's table."""
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in PAGE.splitlines() if line.startswith("|")]
    names = [name.lower() for name in rows[0][1:-1]]
    found: dict[str, set[str]] = {name: set() for name in names}
    for row in rows[2:]:
        (option,) = re.findall(r"`(\w+)`", row[0])
        for name, cell in zip(names, row[1:-1], strict=True):
            found[name] |= {option} if cell else set()
    return found


def test_every_option_is_documented() -> None:
    known = {slug: {option.name for option in platform.options} for slug, platform in PLATFORMS.items()}
    del known["postback"]  # has a page of its own
    assert documented() == known


def test_every_option_of_postbacks_is_documented() -> None:
    page = (Path(__file__).parents[3] / "docs" / "postbacks.md").read_text().partition("## Options")[2]
    assert {option.name for option in PLATFORMS["postback"].options} == set(
        re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE)
    )
