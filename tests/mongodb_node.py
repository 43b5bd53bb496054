"""A server of the tests' own that speaks MongoDB's protocol, with a site's recordings: to start, break and remove.

MongoDB itself comes with no package registry. This is `nx-27017`, from the Python package of that name.
"""

import contextlib
import datetime
import shutil
import sys
from pathlib import Path

import h5py
import pymongo
from focus_process import ROOT
from free_ports import free_ports
from server_process import ServerProcess

RECORDING = ROOT / "crates/recordings/data/porotomo_hawthorne.h5"
# The stand-in takes letters, digits and underscores only; sites have UUIDs here.
GUID = "g5f0e9d3c_7e49_4c1c_8d1e_0d8f1c3a7b52"
UUID = "b4a3f1de-9d3c-4c55-8a2b-6f4c4ad6d6a1"
BASE_PATH = "/data/prod"


class MongoDbNode(ServerProcess):
    """A running server, whose database `prisma` lists one recording; its file is below `files`."""

    def __init__(self, directory):
        directory = Path(directory)
        self.files = directory / "files"
        self.port = free_ports(1)
        (directory / "data").mkdir(parents=True)
        command = [
            Path(sys.executable).parent / "nx-27017",
            *("--host", "127.0.0.1", "--port", str(self.port), "--data-dir", directory / "data"),
            *("--log-file", directory / "own.log", "--pid-file", directory / "pid"),
        ]
        super().__init__(directory, command)
        self.start()
        self._fill()

    def url(self, port=None):
        """Where clients find it, or where they would through a proxy on another port."""
        return f"mongodb://127.0.0.1:{port or self.port}"

    def settings(self, port=None, files=None):
        """What `focus serve` has to be told; the files may be a copy."""
        return {"catalogue.mongodb_url": self.url(port), "catalogue.mounts": f"{BASE_PATH}={files or self.files}"}

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

    def serves(self):
        with contextlib.suppress(pymongo.errors.PyMongoError), self.database() as database:
            with pymongo.timeout(1):
                return database.command("ping")["ok"]
        return False
