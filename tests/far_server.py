"""Focus Server on another kernel, far from its broker: what becomes of packets that casebook makes late.

    far_server.py URL       of the broker, which nobody else makes late

`test_late_packets.py` has it run on a kernel that can make packets late (`user_mode_kernel.py`).
"""

import json
import sys
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

from casebook import INCONCLUSIVE, PASSED, RUN_WITHIN, casebook, casebook_process, has_no_baseline
from deployment import LIVE, FocusControlPlane, until
from focus_process import ROOT
from packets import queued_by_somebody, queues

LATE = ROOT / "cases/FOCUS-112.md"
DEVICE = "vec0"
STARTED_WITHIN = 60.0
ATTEMPTS = 10


def new_directory():
    return Path(tempfile.mkdtemp())


class Far:
    """The server, and an environment that allows to make its broker slow."""

    def __init__(self, broker):
        self.server = FocusControlPlane(new_directory(), broker)
        self.password = urlsplit(broker).password
        self._environment = f"""
            name = "far"
            [targets.focus]
            url = "{self.server.url}"
            process = {{ pid = {self.server.process.pid} }}
            logs = {{ file = "{self.server.log_path}" }}
            [targets.rabbit]
            url = "{broker.replace(self.password, "${RABBIT_PASSWORD}")}"
            may = ["delay"]
        """
        self.server.wait_until_well()
        until(self._serves_a_view, STARTED_WITHIN, "view", self.server.log)

    def _serves_a_view(self):
        """Whether it has done so once: the first time takes long there, because what is run has to be read."""
        answer = self.server.post("/configure", LIVE)
        if answer.status_code == 200:
            self.server.delete(f"/job/{answer.json()['job_id']}")
        return answer.status_code == 200

    def run(self):
        """Runs the case; how that ended, and its directory. A run without a baseline is repeated, and so is one in which a
        job did not start in time: on a busy machine this kernel is slow, and that is not what the case is about."""
        for _ in range(ATTEMPTS):
            arguments, directory, variables = self.command()
            logged = len(self.server.log())
            ran = casebook(*arguments, directory=directory, **variables)
            if not has_no_baseline(ran) and "was not ready in time" not in self.server.log()[logged:]:
                break
        return ran, directory

    def command(self):
        """How the case is run: arguments, a directory of its own, and variables."""
        directory = new_directory()
        (directory / "environment.toml").write_text(self._environment)
        return ("run", LATE, "--environment", "environment.toml"), directory, {"RABBIT_PASSWORD": self.password}

    def check_that_the_case_passes(self):
        ran, directory = self.run()
        assert ran.returncode == PASSED, ran.stdout + ran.stderr
        (evidence,) = (directory / "evidence").iterdir()
        assert casebook("verify", evidence, directory=directory).stdout.startswith("sound: ")
        assert "netem" not in queues(DEVICE)
        (case,) = json.loads((evidence / "run.json").read_text())["cases"]
        (view,) = (step for step in case["steps"] if step["number"] == "4")
        print(f"a view took {view['statements'][0]['seen']['elapsed']:.2f} s", flush=True)

    def check_that_whoever_kills_the_run_finds_packets_on_time(self):
        """kill -9 while packets are late: the watchdog puts that back, and nobody has to know."""
        for _ in range(ATTEMPTS):
            arguments, directory, variables = self.command()
            with casebook_process(*arguments, directory=directory, **variables) as run:
                is_over = lambda run=run: run.poll() is not None
                until(lambda over=is_over: "netem" in queues(DEVICE) or over(), RUN_WITHIN, "late packets")
                if not is_over():
                    run.kill()
                    break
        else:
            raise AssertionError("no run came so far that packets were late")
        until(lambda: "netem" not in queues(DEVICE), RUN_WITHIN, "packets on time")
        # The watchdog still looks whether they are.
        until(lambda: casebook("recover", directory=directory).returncode == PASSED, RUN_WITHIN, "nothing broken")

    def check_that_queues_of_somebody_stay(self):
        with queued_by_somebody(DEVICE):
            before = queues(DEVICE)
            ran, _ = self.run()
            assert queues(DEVICE) == before
        assert ran.returncode == INCONCLUSIVE, ran.stdout + ran.stderr
        assert "a queue already that somebody has set up" in ran.stdout + ran.stderr, ran.stdout + ran.stderr


def main(broker):
    far = Far(broker)
    for check in (
        far.check_that_the_case_passes,
        far.check_that_whoever_kills_the_run_finds_packets_on_time,
        far.check_that_queues_of_somebody_stay,
    ):
        print(check.__name__.replace("_", " "), flush=True)
        check()
    far.server.stop()


if __name__ == "__main__":
    main(*sys.argv[1:])
