"""The nginx configuration of docs/deploying, read by nginx itself."""

import shutil
import subprocess
from pathlib import Path

import pytest

CONFIGURATION = Path(__file__).resolve().parent.parent.parent / "docs" / "deploying" / "nginx.conf"
NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
OPENSSL = shutil.which("openssl")


@pytest.mark.skipif(not (NGINX and OPENSSL), reason="nginx and openssl are not installed")
def test_nginx_accepts_the_configuration(tmp_path: Path) -> None:
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    made = "req -x509 -newkey rsa:2048 -nodes -subj /CN=ads.example -days 1 -keyout".split()
    subprocess.run([OPENSSL, *made, key, "-out", certificate], check=True, capture_output=True)
    ours = CONFIGURATION.read_text().replace("/etc/letsencrypt/live/ads.example/fullchain.pem", str(certificate))
    ours = ours.replace("/etc/letsencrypt/live/ads.example/privkey.pem", str(key))
    whole = tmp_path / "nginx.conf"
    whole.write_text(f"pid {tmp_path}/pid; error_log stderr; events {{}} http {{ access_log off; {ours} }}")

    tested = subprocess.run([NGINX, "-t", "-p", tmp_path, "-c", whole], capture_output=True, text=True, check=False)

    assert tested.returncode == 0, tested.stderr
