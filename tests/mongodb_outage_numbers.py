"""How fast outages of MongoDB are answered and overcome, and what they cost: the table of docs/catalogue.md.

Run it with `./test --outage-numbers`. It ends with 1 when a number is over its limit.
"""

import sys
import tempfile
import time
from pathlib import Path

import packets
from deployment import LIVE, FocusControlPlane, FocusFeed
from faulty_proxy import FaultyProxy
from mongodb_node import MongoDbNode
from outage_numbers import AS_DELIVERED, ROUNDS, Table, first_requests, known_outage, told
from rabbitmq_node import RabbitMqNode

LOOK_AGAIN = 0.002


def historic(server):
    """A historic view. What MongoDB lists is rounded to the millisecond."""
    start, end = server.recording()
    return LIVE | {"start_time": start + 1, "end_time": end - 1}


def seconds_to_first_success(node, server, body):
    """From the moment in which a server that was killed serves again to the first 200."""
    with node.killed():
        assert server.post("/configure", body).status_code == 503
    back = time.monotonic()
    while (answer := server.post("/configure", body)).status_code != 200:
        time.sleep(LOOK_AGAIN)
    took = time.monotonic() - back
    server.delete(f"/job/{answer.json()['job_id']}")
    return took


def measure(node, proxy, direct, proxied):
    """Everything that the table shows."""
    table, created, used = Table(), 0, []
    body = historic(direct)
    for what, server, fault, limit in (
        ("connection refused", proxied, lambda: proxy.while_it(proxy.refuse), 1.0),
        ("packets dropped", direct, lambda: packets.dropped(node.port), 1.0),
        ("server frozen", direct, node.frozen, 1.0),
    ):
        took, wrong = first_requests(server, fault, [body], "mongodb")
        table.add_times(f"first request into an outage, {what}", took, limit)
        created += wrong
    for what, server, fault in (
        ("connection refused", proxied, lambda: proxy.while_it(proxy.refuse)),
        ("packets dropped", direct, lambda: packets.dropped(node.port)),
        ("server frozen", direct, node.frozen),
    ):
        with fault():
            used.append((what, *known_outage(server, table, what, [body])))
    cycles = [seconds_to_first_success(node, direct, body) for _ in range(ROUNDS)]
    table.add_times(f"server back to the first 200, {ROUNDS} cycles", cycles, 2.0)
    created += len(direct.workers()) + len(proxied.workers())
    return table, used, created


def main():
    with tempfile.TemporaryDirectory() as directory:
        new = lambda name: Path(directory) / name
        for name in ("feed", "direct", "proxied"):
            new(name).mkdir()
        ends = []
        try:
            broker = RabbitMqNode(new("rabbitmq"))
            ends.append(broker.stop)
            node = MongoDbNode(new("mongodb"))
            ends.append(node.stop)
            proxy = FaultyProxy(node.port)
            ends.append(proxy.close)
            ends.append(FocusFeed(new("feed"), broker.url()).stop)
            servers = []
            for name, port in (("direct", node.port), ("proxied", proxy.port)):
                settings = AS_DELIVERED | node.settings(port)
                servers.append(FocusControlPlane(new(name), broker.url(), **settings))
                ends.append(servers[-1].stop)
            for server in servers:
                server.wait_until_well()
            return told(*measure(node, proxy, *servers))
        finally:
            for end in reversed(ends):
                end()


if __name__ == "__main__":
    sys.exit(main())
