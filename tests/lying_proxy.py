"""A stand-in for a Focus Server that is not honest: a real one, and somebody before it who changes its answers."""

import contextlib
import json
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import requests

ANSWERS_WITHIN = 10.0
LOOK_AGAIN = 0.1


@dataclass
class Answer:
    """What a client is told; a body that is no JSON is text."""

    status: int
    body: object
    headers: dict = field(default_factory=dict)


def changes_nothing(method, path, answer):
    """No lie."""


def answers_nothing(method, path):
    """Nothing of its own."""


@contextlib.contextmanager
def lying_proxy(url, lie=changes_nothing, instead=answers_nothing):
    """Forwards to the server at `url`; gives its own. `lie(method, path, answer)` gives what clients are told instead
    of an answer, or changes it and gives nothing. What `instead(method, path)` answers does not reach the server."""

    class Handler(BaseHTTPRequestHandler):
        def forward(self):
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            if told := instead(self.command, self.path):
                return self.tell(told)
            answer = self.ask(body)
            told = Answer(answer.status_code, answer.text, carried(answer.headers))
            with contextlib.suppress(json.JSONDecodeError):
                told.body = answer.json()
            self.tell(lie(self.command, self.path, told) or told)

        def ask(self, body):
            """What the server answers; one that is just being started is waited for."""
            end = time.monotonic() + ANSWERS_WITHIN
            while True:
                try:
                    return requests.request(
                        self.command, url + self.path, data=body, headers=carried(self.headers), timeout=ANSWERS_WITHIN
                    )
                except requests.ConnectionError:
                    if time.monotonic() > end:
                        raise
                time.sleep(LOOK_AGAIN)

        do_GET = do_POST = do_DELETE = forward

        def tell(self, told):
            body = told.body if isinstance(told.body, str) else json.dumps(told.body)
            body = body.encode()
            self.send_response(told.status)
            for name, value in told.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def carried(headers):
    """Headers that mean the same on both sides."""
    wanted = ("content-type", "retry-after")
    return {name: value for name, value in headers.items() if name.lower() in wanted}
