"""A stand-in for a client's program: it watches the first stream of whichever job is the newest, and logs what it sees.

    stand_in_viewer.py SERVER STUBS     the server's URL, and the directory of what protoc made

`row 17 whole` is a row with all its samples, `row 18 gap` one that lacks some; `lost rows 19 to 25` never came; `stream
ended OK` names the status with which a stream ended.
"""

import json
import sys
import time
import urllib.error
import urllib.request

import grpc
import numpy as np
from rows import channel_of, stubs_in

LOOK_AGAIN = 0.5
ANSWERS_WITHIN = 10.0


def say(text):
    print(text, flush=True)


def ask(url):
    with urllib.request.urlopen(url, timeout=ANSWERS_WITHIN) as answer:
        return json.load(answer)


def newest_job(server):
    """What `POST /configure` answered for it; none when there is none, or no server."""
    try:
        jobs = ask(f"{server}/jobs")
        return ask(f"{server}/metadata/{jobs[-1]['id']}") if jobs else None
    except (urllib.error.URLError, OSError):
        return None


def watch(job, messages, services):
    wanted = None
    with channel_of(job) as channel:
        call = services.DataStreamServiceStub(channel).StreamData(messages.StreamDataRequest())
        try:
            for frame in call:
                for row, data in zip(frame.row_index, frame.main_data, strict=True):
                    if wanted is not None and row > wanted:
                        say(f"lost rows {wanted} to {row - 1}")
                    whole = np.isfinite(np.frombuffer(data, "<f4")).all()
                    say(f"row {row} {'whole' if whole else 'gap'}")
                    wanted = row + 1
            say("stream ended OK")
        except grpc.RpcError as error:
            say(f"stream ended {error.code().name}")


def main(server, directory):
    stubs = stubs_in(directory)
    while True:
        if job := newest_job(server):
            watch(job, *stubs)
        time.sleep(LOOK_AGAIN)


if __name__ == "__main__":
    main(*sys.argv[1:])
