"""A server that tests keep for themselves, to start, break and remove."""

import contextlib
import os
import signal
import subprocess
import time
from pathlib import Path

STARTED_WITHIN = 120.0


class ServerProcess:
    """A process that serves, with all that it starts itself. What it says goes to `node.log` in its `directory`."""

    def __init__(self, directory, command, environment=None):
        self.directory = Path(directory)
        self.process = None
        self._command, self._environment = command, environment

    def serves(self):
        """Whether it does what it is there for."""
        raise NotImplementedError

    def start(self):
        """Starts it and waits until it serves; what it stored before is still there."""
        with open(self.directory / "node.log", "ab") as log:
            self.process = subprocess.Popen(
                self._command,
                cwd=self.directory,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        self.wait_until_it_serves()

    def recipe(self):
        """All that somebody else needs to start it again, as JSON can hold it."""
        where = {"cwd": str(self.directory), "log": str(self.directory / "node.log")}
        return where | {"args": list(map(str, self._command)), "env": self._environment}

    def wait_until_it_serves(self):
        deadline = time.monotonic() + STARTED_WITHIN
        while not self.serves():
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise AssertionError(f"{self._command[0]} did not start:\n{self.log()[-4000:]}")
            time.sleep(0.02)

    def kill(self):
        """`kill -9`: every process of it, and nothing is said to anybody. `start` brings it back."""
        self._signal(signal.SIGKILL)
        self.process.wait()

    @contextlib.contextmanager
    def killed(self):
        """It is gone; afterwards it is started again."""
        self.kill()
        try:
            yield
        finally:
            self.start()

    def stop(self):
        """Ends everything that belongs to it."""
        if self.process and self.process.poll() is None:
            self.kill()

    @contextlib.contextmanager
    def frozen(self):
        """No process of it runs (SIGSTOP): connections stay open and are silent, the kernel accepts new ones."""
        self._signal(signal.SIGSTOP)
        # A thread that runs on another processor may go on for a moment.
        while not self._stopped():
            time.sleep(0.001)
        try:
            yield
        finally:
            self._signal(signal.SIGCONT)

    def _stopped(self):
        threads = list(Path(f"/proc/{self.process.pid}/task").iterdir())
        # One may end meanwhile.
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            return all((thread / "stat").read_text().rpartition(")")[2].split()[0] == "T" for thread in threads)
        return False

    def _signal(self, number):
        for pid in self._family():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

    def _family(self):
        """Its process and all below it."""
        family = [self.process.pid]
        for pid in family:
            with contextlib.suppress(FileNotFoundError):
                for task in Path(f"/proc/{pid}/task").iterdir():
                    family += map(int, (task / "children").read_text().split())
        return family

    def log(self):
        return (self.directory / "node.log").read_text(errors="replace")
