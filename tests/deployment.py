"""A whole deployment: `focus feed` publishes a fibre to a broker, and `focus serve` shows it."""

import contextlib
import time
from collections import Counter
from pathlib import Path

from faulty_proxy import FaultyProxy
from focus_process import FocusProcess, FocusServer

FIBRE = {"live.source": "simulator", "live.simulator.channels": 300, "live.simulator.sampling_rate": 200}
# As long as is allowed: the machine may be busy with other tests.
PATIENT = {"rabbitmq.deadline": "900ms"}
WELL_WITHIN = 20.0
QUEUES_WITHIN = 30.0
LIVE = {"view_type": 2, "channels": {"min": 101, "max": 160}, "displayInfo": {"height": 100}}


class FocusFeed(FocusProcess):
    """`focus feed` of a small simulated fibre."""

    def __init__(self, directory, broker, **settings):
        super().__init__("feed", directory, FIBRE | settings, broker)


class FocusControlPlane(FocusServer):
    """`focus serve`, whose jobs are processes of their own."""

    def __init__(self, directory, broker, **settings):
        super().__init__(directory, PATIENT | settings, "serve", broker)

    def wait_until_well(self):
        """Until all it needs is there, also the live fibre."""
        until(self._is_well, WELL_WITHIN, "server that is well", self.log)

    def _is_well(self):
        healthy = self.get("/health").json()["status"] == "healthy"
        return healthy and self.get("/live_metadata").json()["prr"] > 0

    def workers(self):
        """The processes (`focus work`) of its jobs, also when it has died: ids."""
        return [int(process.name) for process in Path("/proc").glob("[0-9]*") if self._owns(process)]

    def _owns(self, process):
        with contextlib.suppress(OSError):
            command = (process / "cmdline").read_bytes().split(b"\0")
            return command[1:2] == [b"work"] and (process / "cwd").readlink() == self.directory
        return False


class Deployment:
    """Two control planes on one broker, one of them behind a proxy that can misbehave."""

    def __init__(self, node, new_directory, **settings):
        self.node = node
        self.proxy = FaultyProxy(node.port)
        self.feed = FocusFeed(new_directory("feed"), node.url())
        self.direct = FocusControlPlane(new_directory("direct"), node.url(), **settings)
        self.proxied = FocusControlPlane(new_directory("proxied"), node.url(port=self.proxy.port), **settings)
        for server in (self.direct, self.proxied):
            server.wait_until_well()

    def stop(self):
        for process in (self.direct, self.proxied, self.feed):
            process.stop()
        self.proxy.close()

    def queues(self):
        """How many queues each client has, by its name."""
        return Counter(queue["owner"] for queue in self.node.queues())

    def wait_for_queues(self, wanted):
        """Until the queues are those that they were: the broker may take a while to see that a client is gone."""
        until(lambda: self.queues() == wanted, QUEUES_WITHIN, f"queues {wanted}", lambda: str(self.node.queues()))


def view_of(server, kind):
    """A request that is right."""
    if kind == "live":
        return LIVE
    start, end = server.recording()
    return LIVE | {"start_time": start, "end_time": end}


def until(condition, seconds, what, log=lambda: ""):
    """Waits for a condition, and returns what it gave."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, f"no {what} within {seconds} s\n{log()[-4000:]}"
        time.sleep(0.02)
    return value
