"""The nginx configuration of docs/deploying, run as it stands on free ports."""

import http.client
import re
import shutil
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.faults.stack import free_port, wait_for

CONFIGURATION = Path(__file__).resolve().parent.parent.parent / "docs" / "deploying" / "nginx.conf"
NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
OPENSSL = shutil.which("openssl")
NOBODY = "127.0.0.1:9"


@dataclass(frozen=True, slots=True)
class Nginx:
    """The shipped configuration on free ports, with `upstream` behind it."""

    http: int
    https: int
    folder: Path

    def ask(self, path: str, *, body: bytes = b"", is_tls: bool = True, host: str = "ads.example") -> int:
        if is_tls:
            unchecked = ssl._create_unverified_context()
            connection = http.client.HTTPSConnection("127.0.0.1", self.https, timeout=10, context=unchecked)
        else:
            connection = http.client.HTTPConnection("127.0.0.1", self.http, timeout=10)
        connection.request("POST" if body else "GET", path, body or None, {"Host": host})
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


@contextmanager
def started(folder: Path, *, upstream: str = NOBODY) -> Iterator[Nginx]:
    running = Nginx(http=free_port(), https=free_port(), folder=folder)
    ours = re.sub(r" *listen \[::\].*\n", "", configuration(folder))
    ours = ours.replace("listen 80", f"listen 127.0.0.1:{running.http}")
    ours = ours.replace("listen 443", f"listen 127.0.0.1:{running.https}").replace("127.0.0.1:8000", upstream)
    temporary = " ".join(f"{name}_temp_path {folder}/{name};" for name in ("client_body", "proxy", "fastcgi"))
    (whole := folder / "nginx.conf").write_text(
        f"daemon off; master_process off; pid {folder}/pid; error_log {folder}/error.log; events {{}}\n"
        f"http {{ access_log {folder}/access.log; {temporary} uwsgi_temp_path {folder}/uwsgi; "
        f"scgi_temp_path {folder}/scgi;\n{ours} }}"
    )
    process = subprocess.Popen([str(NGINX), "-p", folder, "-c", whole])
    try:
        wait_for(lambda: (folder / "pid").exists())
        yield running
    finally:
        process.terminate()
        process.wait(timeout=10)
