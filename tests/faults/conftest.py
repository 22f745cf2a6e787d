import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.servers import FreeRedis
from tests.faults.stack import free_port


@pytest.fixture
def free_redis(tmp_path: Path) -> Iterator[FreeRedis]:
    if shutil.which("redis-server") is None:
        pytest.skip("redis-server is not installed")
    redis = FreeRedis(tmp_path, free_port())
    yield redis
    redis.kill()
