"""`python -m tests.corpus`: writes what every platform would get into the corpus; the diff is to be read."""

import os
import sys

import pytest

from tests.corpus import FOLDER

if __name__ == "__main__":
    os.environ["CORPUS_WRITE"] = "1"
    sys.exit(pytest.main(["-q", "-p", "no:cacheprovider", "-k", "every_platform_gets", str(FOLDER / "test_corpus.py")]))
