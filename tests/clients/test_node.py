"""On Node: Redocly and Spectral find nothing in the API document, and a generated TypeScript client calls all of it.

The packages are those of tests/clients/node/package-lock.json; bin/test installs them where npm is.
"""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.clients.test_generated_python import REFUSED, operations
from tests.documented import document
from tests.faults.stack import Stack

FOLDER = Path(__file__).parent / "node"
PERSON = 700_000_002  # the Python client's is erased in the end
PROGRAMS = FOLDER / "node_modules" / ".bin"
pytestmark = [
    pytest.mark.processes,
    pytest.mark.xdist_group("stack"),
    pytest.mark.skipif(not PROGRAMS.is_dir(), reason="The packages of tests/clients/node are not installed."),
]


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the document, the settings of the linters and the packages."""
    folder = tmp_path_factory.mktemp("node")
    for name in ("package.json", "calls.ts", "tsconfig.json", "redocly.yaml", ".spectral.yaml"):
        shutil.copy(FOLDER / name, folder / name)
    (folder / "node_modules").symlink_to(FOLDER / "node_modules")
    (folder / "openapi.json").write_text(json.dumps(document()))
    return folder


def run(work: Path, *command: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true"}
    program = str(PROGRAMS / command[0]) if (PROGRAMS / command[0]).exists() else command[0]
    return subprocess.run(
        [program, *command[1:]], cwd=work, env=environment, capture_output=True, text=True, timeout=120
    )


def test_redocly_finds_nothing(work: Path) -> None:
    answer = json.loads(run(work, "redocly", "lint", "openapi.json", "--format=json").stdout)
    assert answer["problems"] == []


def test_spectral_finds_nothing(work: Path) -> None:
    done = run(work, "spectral", "lint", "openapi.json", "--fail-severity=hint")
    assert done.returncode == 0, done.stdout


def test_a_typescript_client_calls_every_operation(work: Path, stack: Stack) -> None:
    for command in (["openapi-typescript", "openapi.json", "-o", "api.d.ts"], ["tsc", "-p", "tsconfig.json"]):
        done = run(work, *command)
        assert done.returncode == 0, done.stdout + done.stderr
    answer = stack.convert(PERSON)
    hook = stack.post("/api/v1/webhooks", {"url": "http://127.0.0.1:9/hooks"}).json()["webhookId"]
    ids = {
        "telegramUserId": PERSON,
        "conversionId": answer["conversionId"],
        "sendId": answer["sends"][0]["sendId"],
        "webhookId": hook,
        "messageId": stack.post(f"/api/v1/webhooks/{hook}/test", {}).json()["messageId"],
        "websiteId": stack.website_id,
        "channelId": "-1001234567890",
        "tempId": "3fa85f64-5717-4562-b3fc-2c963f66afa6",
    }
    url = f"http://127.0.0.1:{stack.port}"
    done = run(work, "node", "build/calls.js", "openapi.json", url, stack.token, json.dumps(ids))
    assert done.returncode == 0, done.stderr
    statuses = json.loads(done.stdout)
    called = {operation["operationId"]: statuses[operation["operationId"]] for operation in operations()}
    assert {name for name, status in called.items() if status >= 400} == REFUSED, called
