"""Ports that nobody uses."""

import contextlib
import random
import socket

# Given out before; whoever has them may not use them yet.
_taken = set()


def free_ports(count):
    """The first of `count` neighbouring ports that nobody uses, below those that systems give out themselves and above those
    of a cluster's Services."""
    for _ in range(200):
        first = random.randrange(10_000, 32_000 - count)
        ports = range(first, first + count)
        if not _taken.isdisjoint(ports):
            continue
        with contextlib.ExitStack() as stack:
            try:
                for port in ports:
                    probe = stack.enter_context(socket.socket())
                    probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            _taken.update(ports)
            return first
    raise RuntimeError("no free ports")
