"""How fast outages of RabbitMQ are answered and overcome, and what they cost: the table of docs/outage.md.

Run it with `./test --outage-numbers`. It ends with 1 when a number is over its limit.
"""

import asyncio
import json
import random
import socket
import sys
import tempfile
import threading
import time
from pathlib import Path

import packets
from deployment import Deployment, until, view_of
from load import Client, at_rate
from rabbitmq_node import RabbitMqNode

AS_DELIVERED = {"rabbitmq.deadline": "600ms"}  # tests are more patient
ROUNDS = 50
CYCLES = 50
RATE = 500  # requests per second
FAILED_REQUESTS = 10_000
WARM_UP = 1_000
SETTLED_WITHIN = 30.0
LONGEST_DOWN = 3.0  # s between the end of the broker and its start
LOOK_AGAIN = 0.002
AMQP_HEADER = b"AMQP\x00\x00\x09\x01"


class Table:
    """Rows of a Markdown table, and whether all numbers are within their limits."""

    def __init__(self):
        self.lines = ["| | p50 | p99 | worst | limit of p99 |", "|---|---|---|---|---|"]
        self.kept = True

    def add_times(self, what, seconds, limit):
        seconds = sorted(seconds)
        p50, p99 = seconds[len(seconds) // 2], seconds[-(-99 * len(seconds) // 100) - 1]
        self.kept &= p99 <= limit
        cells = [f"{1000 * value:.1f} ms" for value in (p50, p99, seconds[-1])]
        self.add(what, *cells, f"{1000 * limit:.0f} ms")

    def add(self, *cells):
        self.lines.append(f"| {' | '.join(cells)} |")
        print(self.lines[-1], file=sys.stderr, flush=True)


def upstream_is(server, upstream, status):
    return server.get("/health").json()["upstreams"][upstream]["status"] == status


def views(server):
    """Requests, one live and one historic."""
    return [view_of(server, kind) for kind in ("live", "historic")]


async def timed(url, body):
    """Status and seconds of one request on a connection that was there before."""
    client = await Client.connect(url, body)
    start = time.monotonic()
    status, content = await client.configure()
    took = time.monotonic() - start
    client.close()
    return status, took, content


def first_requests(server, fault, bodies, upstream="rabbitmq"):
    """Seconds of the first request into an outage that nobody has noticed, each of the bodies in turn; how many of them
    were not refused."""
    took, wrong = [], 0
    for number in range(ROUNDS):
        until(lambda: upstream_is(server, upstream, "up"), SETTLED_WITHIN, "recovery", server.log)
        # At any moment between two probes of the server.
        time.sleep(random.random())
        with fault():
            status, seconds, content = asyncio.run(timed(server.url, bodies[number % len(bodies)]))
        took.append(seconds)
        if status == 200:
            wrong += 1
            server.delete(f"/job/{json.loads(content)['job_id']}")
    until(lambda: upstream_is(server, upstream, "up"), SETTLED_WITHIN, "recovery", server.log)
    return took, wrong


def resources(server):
    """Threads, open descriptors and resident memory in KB."""
    process = Path(f"/proc/{server.process.pid}")
    status = dict(line.split(":", 1) for line in (process / "status").read_text().splitlines())
    return int(status["Threads"]), len(list((process / "fd").iterdir())), int(status["VmRSS"].split()[0])


def known_outage(server, table, what, bodies):
    """Times of requests into an outage that is known, and what so many of them leave."""
    asyncio.run(at_rate(server.url, bodies, RATE, WARM_UP))
    before = resources(server)
    answers = asyncio.run(at_rate(server.url, bodies, RATE, FAILED_REQUESTS))
    after = resources(server)
    assert {status for status, _ in answers} == {503}
    table.add_times(f"known outage, {what}, {RATE} requests/s", [seconds for _, seconds in answers], 0.010)
    return before, after


def seconds_to_first_success(node, server, body):
    """From the moment in which the broker speaks AMQP again to the first 200."""
    stopped, back = threading.Event(), []

    def stay_down():
        stopped.set()
        time.sleep(random.uniform(0, LONGEST_DOWN))

    def watch():
        while not back:
            try:
                with socket.create_connection(("127.0.0.1", node.port), timeout=1) as client:
                    client.sendall(AMQP_HEADER)
                    if client.recv(1):
                        back.append(time.monotonic())
            except OSError:
                time.sleep(LOOK_AGAIN)

    async def try_until_it_works():
        client = await Client.connect(server.url, body)
        while True:
            status, content = await client.configure()
            if status == 200:
                client.close()
                return time.monotonic(), json.loads(content)
            await asyncio.sleep(LOOK_AGAIN)

    threads = [threading.Thread(target=node.restart, args=(stay_down,)), threading.Thread(target=watch)]
    threads[0].start()
    stopped.wait()
    threads[1].start()
    succeeded, job = asyncio.run(try_until_it_works())
    for thread in threads:
        thread.join()
    server.delete(f"/job/{job['job_id']}")
    return max(succeeded - back[0], 0.0)


def measure(whole):
    """Everything that the table shows."""
    table, node, proxy, direct, proxied = Table(), whole.node, whole.proxy, whole.direct, whole.proxied
    queues, created = whole.queues(), 0
    for what, server, fault, limit in (
        ("connection refused", proxied, lambda: proxy.while_it(proxy.refuse), 0.050),
        ("packets dropped", direct, lambda: packets.dropped(node.port), 1.0),
        ("broker frozen", direct, node.frozen, 1.0),
        ("memory alarm", direct, node.memory_alarm, 1.0),
    ):
        took, wrong = first_requests(server, fault, views(server))
        table.add_times(f"first request into an outage, {what}", took, limit)
        created += wrong

    used = []
    with proxy.while_it(proxy.refuse):
        used.append(("connection refused", *known_outage(proxied, table, "connection refused", views(proxied))))
        created += len(proxied.workers())
    with packets.dropped(node.port):
        used.append(("packets dropped", *known_outage(direct, table, "packets dropped", views(direct))))
        created += len(direct.workers())
    whole.wait_for_queues(queues)

    bodies = views(direct)
    cycles = [seconds_to_first_success(node, direct, bodies[number % 2]) for number in range(CYCLES)]
    table.add_times(f"broker back to the first 200, {CYCLES} cycles", cycles, 2.0)
    whole.wait_for_queues(queues)
    created += len(direct.workers()) + len(proxied.workers())
    return table, used, created


def main():
    with tempfile.TemporaryDirectory() as directory:

        def new_directory(name):
            path = Path(directory) / name
            path.mkdir()
            return path

        node = RabbitMqNode(new_directory("node"))
        try:
            whole = Deployment(node, new_directory, **AS_DELIVERED)
            try:
                table, used, created = measure(whole)
            finally:
                whole.stop()
        finally:
            node.stop()
    return told(table, used, created)


def told(table, used, created):
    """Prints all of it; 0 when every number is within its limit."""
    print("\n".join(table.lines))
    print(f"\n| {FAILED_REQUESTS} failed requests | threads | descriptors | resident memory |\n|---|---|---|---|")
    for what, *moments in used:
        cells = [f"{before} -> {after}" for before, after in zip(*moments)]
        print(f"| {what}, before -> after | {' | '.join(cells)} KB |")
    print(f"\nCreated in all these outages: {created} jobs or processes.")
    return 0 if table.kept and not created else 1


if __name__ == "__main__":
    sys.exit(main())
