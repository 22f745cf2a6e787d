"""The nginx configuration of docs/deploying, read by nginx itself and asked as it stands."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

from adtarget.core.shown_path import SECRET_PREFIXES
from tests.core.test_secret_paths import SECRET, SECRET_ADDRESSES
from tests.operating.nginx import NGINX, OPENSSL, Nginx, configuration, started

SECRET_ELSEWHERE = ("/admin/",)  # unknown pages of the admin: what stands there is no secret of ours

pytestmark = [
    pytest.mark.embedded,
    pytest.mark.skipif(not (NGINX and OPENSSL), reason="nginx and openssl are not installed"),
]


def test_nginx_accepts_the_configuration(tmp_path: Path) -> None:
    whole = tmp_path / "nginx.conf"
    ours = configuration(tmp_path)
    whole.write_text(f"pid {tmp_path}/pid; error_log stderr; events {{}} http {{ access_log off; {ours} }}")

    tested = subprocess.run(
        [str(NGINX), "-t", "-p", tmp_path, "-c", whole], capture_output=True, text=True, check=False
    )

    assert tested.returncode == 0, tested.stderr


@pytest.fixture
def nginx(tmp_path: Path) -> Iterator[Nginx]:
    """With nobody behind it: what reaches AdTarget is answered 502."""
    with started(tmp_path) as running:
        yield running


@pytest.mark.processes
def test_nginx_writes_no_address_that_is_a_secret(nginx: Nginx) -> None:
    addresses = [address for address in SECRET_ADDRESSES if not address.startswith(SECRET_ELSEWHERE)]
    addresses += [f"{prefix}postback/{SECRET}" for prefix in SECRET_PREFIXES]
    for address in addresses:
        assert nginx.ask(address) == 502
        assert nginx.ask(address, is_tls=False) == 308
    assert nginx.ask("/accounts/acc_1/") == 502

    assert "/accounts/acc_1/" in nginx.logs()
    assert SECRET not in nginx.logs()


@pytest.mark.processes
@pytest.mark.parametrize(
    ("path", "size", "status"),
    [
        ("/accounts/acc_1/values/several/", settings.FORM_MAX_BYTES, 502),
        ("/accounts/acc_1/values/several/", settings.FORM_MAX_BYTES + 1, 413),
        ("/accounts/acc_1/values/", 65_537, 413),
        ("/api/v1/events/conversion", 65_537, 413),
    ],
)
def test_nginx_takes_what_the_page_takes(nginx: Nginx, path: str, size: int, status: int) -> None:
    assert nginx.ask(path, body=b"x" * size) == status
