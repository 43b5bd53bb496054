"""A server whose requests make something: `POST /jobs` makes a job, and answers only some time after; `DELETE /jobs/ID`
takes it back, `GET /jobs` lists what there is. Arguments: the port, and how many seconds an answer takes."""

import itertools
import json
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

JOBS, NUMBERS = set(), itertools.count(1)
ANSWERS_AFTER = float(sys.argv[2])


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.tell(200, sorted(JOBS))

    def do_POST(self):
        name = f"job-{next(NUMBERS)}"
        JOBS.add(name)
        time.sleep(ANSWERS_AFTER)
        self.tell(201, {"id": name})

    def do_DELETE(self):
        name = self.path.rpartition("/")[2]
        status = 200 if name in JOBS else 404
        JOBS.discard(name)
        self.tell(status, {})

    def tell(self, status, body):
        body = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Server(ThreadingHTTPServer):
    request_queue_size = 1000

    def handle_error(self, *_):
        """Whoever asked has gone."""


Server(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
