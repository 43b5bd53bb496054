"""Packets to the broker are late, on a kernel that can do that: many a machine's cannot."""

import sys

import user_mode_kernel
from faulty_proxy import FaultyProxy
from focus_process import ROOT


def test_a_broker_that_is_late(deployment, tmp_path, capsys):
    """What is checked there is in `far_server.py`; broker and fibre are those that all tests share. How much of its time a
    view took with a late broker is shown: that is how far the case is from failing."""
    with user_mode_kernel.wire():
        way = FaultyProxy(deployment.node.port, user_mode_kernel.HERE)
        broker = deployment.node.url(port=way.port).replace("127.0.0.1", way.host)
        ran = user_mode_kernel.run([sys.executable, ROOT / "tests/far_server.py", broker], tmp_path)
        way.close()
    assert ran.returncode == 0, ran.stdout
    with capsys.disabled():
        print(f"\n{ran.stdout}")
