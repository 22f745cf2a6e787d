"""The nginx configuration of docs/deploying, read by nginx itself and asked as it stands."""

import http.client
import re
import shutil
import ssl
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.conf import settings

from adtarget.core.shown_path import SECRET_PREFIXES
from tests.core.test_secret_paths import SECRET, SECRET_ADDRESSES
from tests.faults.stack import free_port, wait_for

CONFIGURATION = Path(__file__).resolve().parent.parent.parent / "docs" / "deploying" / "nginx.conf"
NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
OPENSSL = shutil.which("openssl")
SECRET_ELSEWHERE = ("/admin/",)  # unknown pages of the admin: what stands there is no secret of ours

pytestmark = [
    pytest.mark.embedded,
    pytest.mark.skipif(not (NGINX and OPENSSL), reason="nginx and openssl are not installed"),
]


@dataclass(frozen=True, slots=True)
class Nginx:
    """The shipped configuration on free ports, with nobody behind it: what reaches AdTarget is answered 502."""

    http: int
    https: int
    folder: Path

    def ask(self, path: str, *, body: bytes = b"", is_tls: bool = True) -> int:
        if is_tls:
            unchecked = ssl._create_unverified_context()
            connection = http.client.HTTPSConnection("127.0.0.1", self.https, timeout=10, context=unchecked)
        else:
            connection = http.client.HTTPConnection("127.0.0.1", self.http, timeout=10)
        connection.request("POST" if body else "GET", path, body or None, {"Host": "ads.example"})
        status = connection.getresponse().status
        connection.close()
        return status

    def logs(self) -> str:
        return "".join((self.folder / name).read_text() for name in ("access.log", "error.log"))


def configuration(folder: Path) -> str:
    certificate, key = folder / "cert.pem", folder / "key.pem"
    made = "req -x509 -newkey rsa:2048 -nodes -subj /CN=ads.example -days 1 -keyout".split()
    subprocess.run([str(OPENSSL), *made, key, "-out", certificate], check=True, capture_output=True)
    ours = CONFIGURATION.read_text().replace("/etc/letsencrypt/live/ads.example/fullchain.pem", str(certificate))
    return ours.replace("/etc/letsencrypt/live/ads.example/privkey.pem", str(key))


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
    running = Nginx(http=free_port(), https=free_port(), folder=tmp_path)
    ours = re.sub(r" *listen \[::\].*\n", "", configuration(tmp_path))
    ours = ours.replace("listen 80", f"listen 127.0.0.1:{running.http}")
    ours = ours.replace("listen 443", f"listen 127.0.0.1:{running.https}").replace("127.0.0.1:8000", "127.0.0.1:9")
    temporary = " ".join(f"{name}_temp_path {tmp_path}/{name};" for name in ("client_body", "proxy", "fastcgi"))
    (whole := tmp_path / "nginx.conf").write_text(
        f"daemon off; master_process off; pid {tmp_path}/pid; error_log {tmp_path}/error.log; events {{}}\n"
        f"http {{ access_log {tmp_path}/access.log; {temporary} uwsgi_temp_path {tmp_path}/uwsgi; "
        f"scgi_temp_path {tmp_path}/scgi;\n{ours} }}"
    )
    process = subprocess.Popen([str(NGINX), "-p", tmp_path, "-c", whole])
    try:
        wait_for(lambda: (tmp_path / "pid").exists())
        yield running
    finally:
        process.terminate()
        process.wait(timeout=10)


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
