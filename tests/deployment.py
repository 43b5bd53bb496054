"""A whole deployment: `focus feed` publishes a fibre to a broker, and `focus serve` shows it."""

import contextlib
import time
from pathlib import Path

from focus_process import FocusProcess, FocusServer

FIBRE = {"live.source": "simulator", "live.simulator.channels": 300, "live.simulator.sampling_rate": 200}
FIBRE_WITHIN = 20.0


class FocusFeed(FocusProcess):
    """`focus feed` of a small simulated fibre."""

    def __init__(self, directory, broker, **settings):
        super().__init__("feed", directory, FIBRE | settings, broker)


class FocusControlPlane(FocusServer):
    """`focus serve`, whose jobs are processes of their own."""

    def __init__(self, directory, broker, **settings):
        super().__init__(directory, settings, "serve", broker)

    def wait_for_fibre(self):
        """Until it knows the live fibre."""
        until(lambda: self.get("/live_metadata").json()["prr"] > 0, FIBRE_WITHIN, "a fibre", self.log)

    def workers(self):
        """The processes (`focus work`) of its jobs, also when it has died: ids."""
        return [pid for pid in map(int, filter(str.isdigit, (path.name for path in Path("/proc").iterdir()))) if self._owns(pid)]

    def _owns(self, pid):
        with contextlib.suppress(OSError):
            command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
            return command[1:2] == [b"work"] and Path(f"/proc/{pid}/cwd").readlink() == self.directory
        return False


def until(condition, seconds, what, log=lambda: ""):
    """Waits for a condition, and returns what it gave."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, f"no {what} within {seconds} s\n{log()[-4000:]}"
        time.sleep(0.02)
    return value
