"""The real program as a process, for tests that see it only from outside."""

import contextlib
import os
import signal
import subprocess
import time
from pathlib import Path

import requests
from free_ports import free_ports

ROOT = Path(__file__).resolve().parent.parent
READY_WITHIN = 30.0
STOPPED_WITHIN = 20.0
SERVED_WITHIN = 20.0
ASK_AGAIN = 0.1
JOB_PORTS = 40


def focus_binary():
    """What is tested: `FOCUS_BIN`, else what `./test` has built."""
    binary = Path(os.environ.get("FOCUS_BIN", ROOT / "target/debug/focus"))
    binary = binary if binary.is_absolute() else ROOT / binary
    assert binary.is_file(), f"there is no {binary}: run ./test, or cargo build"
    return binary


class FocusProcess:
    """A running subcommand of `focus`, with directories of its own; `broker` is the URL of RabbitMQ."""

    def __init__(self, command, directory, settings, broker=None, arguments=()):
        self.command = command
        self.directory = directory
        self.log_path = directory / f"{command}.jsonl"
        flags = [f"--set={name}={value}" for name, value in {"log.format": "json", **settings}.items()]
        env = {name: value for name, value in os.environ.items() if not name.startswith(("FOCUS_", "XDG_"))}
        env["HOME"] = str(directory)
        if broker:
            env["FOCUS_RABBITMQ_URL"] = broker
        self._command, self._environment = [str(focus_binary()), command, *flags, *map(str, arguments)], env
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(
                self._command,
                cwd=directory,
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def recipe(self):
        """All that somebody else needs to start it again, as JSON can hold it."""
        where = {"cwd": str(self.directory), "log": str(self.log_path)}
        return where | {"args": self._command, "env": self._environment}

    def log(self):
        """What it has logged."""
        return self.log_path.read_text(errors="replace")

    def stop(self):
        """Ends it as an operator would, and requires that it ends well."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(STOPPED_WITHIN)
        except subprocess.TimeoutExpired:
            self.kill()
            what = f"focus {self.command} did not stop within {STOPPED_WITHIN} s"
            raise AssertionError(f"{what}:\n{self.log()[-4000:]}") from None
        log = self.log()
        assert code == 0, f"focus {self.command} ended with {code}:\n{log[-4000:]}"
        assert "panicked" not in log, log[-4000:]

    def kill(self):
        """Ends it at once."""
        self.process.kill()
        self.process.wait()


class FocusServer(FocusProcess):
    """A running server: `focus up`, or another subcommand that serves HTTP."""

    def __init__(self, directory, settings, command="up", broker=None):
        self.data_dir = directory / "data"
        port = free_ports(1 + JOB_PORTS)
        self.url = f"http://127.0.0.1:{port}"
        self.job_ports = range(port + 1, port + 1 + JOB_PORTS)
        own = {
            "listen": f"127.0.0.1:{port}",
            "data_dir": str(self.data_dir),
            "jobs.ports": f"{self.job_ports[0]}-{self.job_ports[-1]}",
        }
        super().__init__(command, directory, own | settings, broker)
        self._wait_until_ready()

    def _wait_until_ready(self):
        deadline = time.monotonic() + READY_WITHIN
        while time.monotonic() < deadline:
            assert self.process.poll() is None, f"the server ended while starting:\n{self.log()}"
            with contextlib.suppress(requests.ConnectionError):
                if self.get("/health/ready").status_code == 200:
                    return
            time.sleep(0.05)
        self.kill()
        raise AssertionError(f"the server was not ready within {READY_WITHIN} s:\n{self.log()}")

    def get(self, path, **options):
        return requests.get(self.url + path, timeout=10, **options)

    def post(self, path, body=None, **options):
        return requests.post(self.url + path, json=body, timeout=10, **options)

    def delete(self, path, **options):
        return requests.delete(self.url + path, timeout=10, **options)

    def served(self, path, body, refusals=None, **options):
        """The answer to a request that is right; `refusals` as of `patiently`."""
        answer = patiently(lambda: self.post(path, body, **options), refusals)
        assert answer.status_code == 200, answer.text
        return answer

    def end(self, job, runs=False):
        """Ends a job, unless it has ended by itself; one that `runs` must not have."""
        late = []
        answer = patiently(lambda: self.delete(f"/job/{job['job_id']}"), late)
        # A request that was answered too late may have been fulfilled all the same.
        assert answer.status_code == 200 or (answer.status_code == 404 and (late or not runs)), answer.text

    @contextlib.contextmanager
    def job(self, body, refusals=None):
        """A job for a view that is right; gone afterwards."""
        job = self.served("/configure", body, refusals).json()
        try:
            yield job
        finally:
            self.end(job)

    def recording(self):
        """Start and end of the newest recording, epoch seconds."""
        return self.served("/recordings_in_time_range", {"start_time": 0, "end_time": time.time()}).json()[-1]


def patiently(send, refusals=None):
    """The answer to a request. On a busy machine an upstream may be late for it: then it is sent again, and what was
    answered before is added to `refusals`."""
    deadline = time.monotonic() + SERVED_WITHIN
    while is_unavailable(answer := send()) and time.monotonic() < deadline:
        if refusals is not None:
            refusals.append(answer)
        time.sleep(ASK_AGAIN)
    return answer


def is_unavailable(answer):
    """Whether an upstream did not answer in time, or not at all."""
    return answer.status_code == 503 and answer.json()["code"].endswith("_unavailable")
