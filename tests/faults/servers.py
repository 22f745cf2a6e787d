"""A PostgreSQL and a Redis of a test's own, which may be killed."""

import os
import pwd
import shutil
import signal
import subprocess
import time
from pathlib import Path


class FreePostgres:
    def __init__(self, folder: Path, port: int) -> None:
        self.folder = folder / "postgres"
        self.folder.mkdir()
        self.port = port
        self.url = f"postgres://postgres@127.0.0.1:{port}/postgres"
        self._programs = _programs()
        if os.getuid() == 0:
            shutil.chown(self.folder, "postgres")
        self._as_postgres("initdb", "-D", str(self.folder / "data"), "-A", "trust", "-U", "postgres")
        self.start()

    def start(self) -> None:
        """Returns once it answers; after a kill it first recovers."""
        options = f"-p {self.port} -k {self.folder} -c listen_addresses=127.0.0.1 -c max_connections=200"
        data = self.folder / "data"
        command = ("pg_ctl", "-D", str(data), "-o", options, "-l", str(self.folder / "log"), "-w", "start")
        for _ in range(40):  # until the last orphan of a killed postmaster has let go of its memory
            if self._as_postgres(*command, check=False) == 0:
                return
            time.sleep(0.5)
        raise RuntimeError((self.folder / "log").read_text()[-2000:])

    def kill(self) -> None:
        """The postmaster and its children, without a word."""
        pid_file = self.folder / "data" / "postmaster.pid"
        if not pid_file.exists():
            return
        postmaster = int(pid_file.read_text().split()[0])
        children = subprocess.run(["pgrep", "-P", str(postmaster)], capture_output=True, text=True, check=False)
        for pid in (postmaster, *map(int, children.stdout.split())):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        time.sleep(0.3)

    def _as_postgres(self, program: str, *arguments: str, check: bool = True) -> int:
        command = [f"{self._programs}/{program}", *arguments]
        if os.getuid() == 0:
            user = pwd.getpwnam("postgres")
            command = ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups", *command]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        return subprocess.run(command, check=check, timeout=60, **quiet).returncode


class FreeRedis:
    """A Redis of this test's own, which may be killed."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder, self.port = folder, port
        self.url = f"redis://127.0.0.1:{port}/0"
        self.start()

    def start(self) -> None:
        command = ["redis-server", "--port", str(self.port), "--save", "", "--dir", str(self.folder)]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


def _programs() -> str:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    program = str(found[-1]) if found else shutil.which("initdb")
    if program is None:
        raise FileNotFoundError("PostgreSQL's programs are not installed.")
    return str(Path(program).parent)
