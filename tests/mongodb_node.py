"""A server of the tests' own that speaks MongoDB's protocol, with a site's recordings: to start, break and remove.

MongoDB itself comes with no package registry. This is `nx-27017`, from the Python package of that name.
"""

import contextlib
import datetime
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import h5py
import pymongo
from focus_process import ROOT
from free_ports import free_ports

STARTED_WITHIN = 60.0
RECORDING = ROOT / "crates/recordings/data/porotomo_hawthorne.h5"
# The stand-in takes letters, digits and underscores only; sites have UUIDs here.
GUID = "g5f0e9d3c_7e49_4c1c_8d1e_0d8f1c3a7b52"
UUID = "b4a3f1de-9d3c-4c55-8a2b-6f4c4ad6d6a1"
BASE_PATH = "/data/prod"


class MongoDbNode:
    """A running server, whose database `prisma` lists one recording; its file is below `files`."""

    def __init__(self, directory):
        self.directory = Path(directory)
        self.files = self.directory / "files"
        self.port = free_ports(1)
        self.process = None
        (self.directory / "data").mkdir(parents=True)
        self.start()
        self._fill()

    def url(self, port=None):
        """Where clients find it, or where they would through a proxy on another port."""
        return f"mongodb://127.0.0.1:{port or self.port}"

    def settings(self, port=None):
        """What `focus serve` has to be told."""
        return {"catalogue.mongodb_url": self.url(port), "catalogue.mounts": f"{BASE_PATH}={self.files}"}

    @contextlib.contextmanager
    def database(self):
        """What sites call `prisma`."""
        with pymongo.MongoClient(self.url()) as client:
            yield client["prisma"]

    def _fill(self):
        (self.files / UUID).mkdir(parents=True)
        shutil.copy(RECORDING, self.files / UUID / "part-1.h5")
        with h5py.File(RECORDING) as file:
            times = file["Acquisition/Raw[0]/RawDataTime"]
            first, last = (datetime.datetime.fromtimestamp(int(times[at]) / 1e6, datetime.UTC) for at in (0, -1))
        recording = {
            "uuid": UUID,
            "start_time": first,
            "end_time": last,
            "deleted": False,
            "fiber_metadata": {"dx": 1.0, "prr": 100},
        }
        deleted = recording | {"uuid": "0" * 8, "deleted": True}
        with self.database() as database:
            database["base_paths"].insert_one({"base_path": BASE_PATH, "guid": GUID, "is_archive": False})
            database[GUID].insert_many([recording, deleted])

    # Its life

    def start(self):
        """Starts it and waits until it serves; what it stored before is still there."""
        with open(self.directory / "node.log", "ab") as log:
            self.process = subprocess.Popen(
                [
                    Path(sys.executable).parent / "nx-27017",
                    *("--host", "127.0.0.1", "--port", str(self.port), "--data-dir", self.directory / "data"),
                    *("--log-file", self.directory / "own.log", "--pid-file", self.directory / "pid"),
                ],
                cwd=self.directory,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        deadline = time.monotonic() + STARTED_WITHIN
        while not self._serves():
            ended = self.process.poll() is not None
            assert not ended and time.monotonic() < deadline, f"nx-27017 did not start:\n{self.log()[-4000:]}"
            time.sleep(0.02)

    def _serves(self):
        with contextlib.suppress(pymongo.errors.PyMongoError), self.database() as database:
            with pymongo.timeout(1):
                return database.command("ping")["ok"]
        return False

    def kill(self):
        """`kill -9`: nothing is said to anybody. `start` brings it back."""
        self.process.kill()
        self.process.wait()

    stop = kill

    @contextlib.contextmanager
    def killed(self):
        """It is gone; afterwards it is started again."""
        self.kill()
        try:
            yield
        finally:
            self.start()

    @contextlib.contextmanager
    def frozen(self):
        """It does not run (SIGSTOP): connections stay open and are silent, the kernel accepts new ones."""
        os.kill(self.process.pid, signal.SIGSTOP)
        os.waitpid(self.process.pid, os.WUNTRACED)
        try:
            yield
        finally:
            os.kill(self.process.pid, signal.SIGCONT)

    def log(self):
        return (self.directory / "node.log").read_text(errors="replace")
