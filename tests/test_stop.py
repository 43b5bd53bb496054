"""How a server ends when an operator is impatient."""

import signal
import socket
import time

from focus_process import READY_WITHIN, FocusServer

INTERRUPTED = 130
UPGRADE = (
    "GET /jobs/{job}/streams/0 HTTP/1.1\r\nHost: localhost\r\nConnection: upgrade\r\nUpgrade: websocket\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)


def test_a_second_interrupt_ends_at_once(tmp_path):
    server = FocusServer(tmp_path, {})
    try:
        answer = server.post(
            "/configure", {"view_type": 2, "channels": {"min": 1, "max": 5}, "displayInfo": {"height": 100}}
        )
        with socket.create_connection(("127.0.0.1", server.job_ports[0] - 1), timeout=10) as viewer:
            # It never says good-bye, so that the server has something to wait for.
            viewer.sendall(UPGRADE.format(job=answer.json()["job_id"]).encode())
            assert viewer.recv(12) == b"HTTP/1.1 101"
            server.process.send_signal(signal.SIGINT)
            deadline = time.monotonic() + READY_WITHIN
            while "stopping" not in server.log() and time.monotonic() < deadline:
                time.sleep(0.01)
            server.process.send_signal(signal.SIGINT)
            assert server.process.wait(READY_WITHIN) == INTERRUPTED, server.log()
            assert "ended at once" in server.log()
    finally:
        server.kill()
