"""How several workers share the suite: a group that shares a browser or an installation stays on one of them.

`--dist loadgroup` means the same, but pytest-xdist 3.8 loses the groups with pytest 9.2: it renames tests in a way that
pytest no longer reads, so each worker would start everything. Here a test's group is that of its file.
"""

import re
from functools import cache
from pathlib import Path

from xdist.scheduler import LoadScopeScheduling

ROOT = Path(__file__).resolve().parents[1]
_GROUP = re.compile(r'xdist_group\("(\w+)"\)')


class GroupScheduling(LoadScopeScheduling):
    """Whole groups first, the largest first; every other test by itself."""

    def _split_scope(self, nodeid: str) -> str:
        return group_of(nodeid.partition("::")[0]) or nodeid


@cache
def group_of(file: str) -> str:
    """The group that a test file names, '' where it names none."""
    found = _GROUP.search((ROOT / file).read_text())
    return found[1] if found else ""
