"""`manage.py run` as a process: the supervisor and what it started, seen from outside."""

import os
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

from tests.faults.stack import ROOT, free_port

OURS_ONLY = ("DATABASE_URL", "REDIS_URL", "DJANGO_SETTINGS_MODULE", "PORT", "HOST")


class Tree:
    """`manage.py run` in a folder of its own."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self.port = free_port()
        self.log = folder / "output"
        environment = {name: value for name, value in os.environ.items() if name not in OURS_ONLY}
        environment |= {"VAR_DIR": str(folder / "var"), "ENV_FILE": str(folder / ".env"), "PORT": str(self.port)}
        with self.log.open("a") as output:
            self.supervisor = subprocess.Popen(
                [sys.executable, "manage.py", "run", *arguments],
                cwd=ROOT,
                env=environment,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def output(self) -> str:
        return self.log.read_text()

    def is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/readyz", timeout=2) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def children(self) -> dict[str, int]:
        """Program → pid of what the supervisor started."""
        found = {}
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                parent = (folder / "stat").read_text().rpartition(")")[2].split()[1]
                words = (folder / "cmdline").read_text().split("\0")
            except OSError:
                continue
            if int(parent) == self.supervisor.pid:
                found[" ".join(words[1:])] = int(folder.name)
        return found

    def pid_of(self, word: str) -> int:
        return next((pid for program, pid in self.children().items() if word in program), 0)

    def stop(self) -> None:
        """A second signal insists: no test looks at how the tree ends here."""
        if self.supervisor.poll() is None:
            self.supervisor.terminate()
            self.supervisor.send_signal(signal.SIGINT)
            self.supervisor.wait(timeout=20)
