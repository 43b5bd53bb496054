"""Packets that get lost, by rules of the kernel's packet filter, in a network namespace of the tests' own.

`./test` runs everything from outside in such a namespace, with nothing but a loopback: no rule can touch the machine's
own network.
"""

import contextlib
import os
import socket
import subprocess

import pytest

TABLE = "focus_test"


def need_own_network():
    """Skips the test where the machine does not allow a network namespace."""
    alone = [name for _, name in socket.if_nameindex()] == ["lo"]
    if not (alone and os.environ.get("FOCUS_TEST_OWN_NETWORK")):
        pytest.skip("needs a network of its own: run ./test as root, or where users may have namespaces")


@contextlib.contextmanager
def queued_by_somebody(device):
    """Packets that leave by the device wait in a queue that an administrator has set up."""
    _tc("add", "dev", device, "root", "netem", "delay", "1us")
    try:
        yield
    finally:
        _tc("del", "dev", device, "root")


def queues(device):
    """What packets wait in that leave by the device."""
    return _tc("show", "dev", device)


def _tc(*words):
    return subprocess.run(["tc", "qdisc", *words], capture_output=True, text=True, check=True, timeout=10).stdout


@contextlib.contextmanager
def dropped(port):
    """Packets to and from the TCP port vanish."""
    with _rules(f"tcp dport {port} drop", f"tcp sport {port} drop"):
        yield


@contextlib.contextmanager
def rejected(port):
    """Packets to the TCP port come back as undeliverable (ICMP): that ends attempts to connect, but no connection."""
    with _rules(f"tcp dport {port} reject"):
        yield


@contextlib.contextmanager
def _rules(*rules):
    need_own_network()
    lines = [f"table inet {TABLE} {{", "chain input {", "type filter hook input priority 0", *rules, "}", "}"]
    _nft("\n".join(lines) + "\n")
    try:
        yield
    finally:
        _nft(f"delete table inet {TABLE}\n")


def _nft(script):
    subprocess.run(["nft", "-f", "-"], input=script, text=True, check=True, timeout=10)
