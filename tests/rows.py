"""The rows of a job, read by gRPC clients that share no code with the server."""

import importlib
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc
import numpy as np
from grpc_tools import protoc

PROTO_DIR = Path(__file__).resolve().parent.parent / "crates/stream/proto"
DEADLINE = 60.0


def generate_stubs(directory):
    """Messages and client as protoc generates them from the published interface."""
    out = [f"--python_out={directory}", f"--grpc_python_out={directory}"]
    assert protoc.main(["protoc", f"-I{PROTO_DIR}", *out, "pandadatastream.proto"]) == 0
    return stubs_in(directory)


def stubs_in(directory):
    """Those that were generated there before."""
    sys.path.insert(0, str(directory))
    try:
        return importlib.import_module("pandadatastream_pb2"), importlib.import_module("pandadatastream_pb2_grpc")
    finally:
        sys.path.remove(str(directory))


def channel_of(job):
    address = f"{job['stream_url'].removeprefix('http://')}:{job['stream_port']}"
    return grpc.insecure_channel(address, options=[("grpc.max_receive_message_length", 1 << 28)])


class Rows:
    """All rows of one stream: `index` and `ms` per row, `values` as row x channel x frequency."""

    def __init__(self, job, frames):
        bins = max(job["frequencies_amount"], 1)
        self.frames = frames
        self.first, self.last = frames[0].start_channel, frames[0].end_channel
        for frame in frames:
            rows = len(frame.row_index)
            assert rows == len(frame.main_data) == len(frame.timestamp_in_milis) == frame.data_shape_y > 0
            assert (frame.start_channel, frame.end_channel) == (self.first, self.last)
            assert frame.data_shape_x == (self.last - self.first + 1) * bins
            assert not frame.HasField("data_shape_z")
            assert frame.job_id == int(job["job_id"].split("-")[1])
            assert all(len(data) == 4 * frame.data_shape_x for data in frame.main_data)
        self.index = np.concatenate([frame.row_index for frame in frames])
        self.ms = np.concatenate([frame.timestamp_in_milis for frame in frames])
        data = b"".join(data for frame in frames for data in frame.main_data)
        self.values = np.frombuffer(data, "<f4").reshape(len(self.index), -1, bins)


def read(stubs, job, most_rows=None):
    """The rows of all streams, read side by side as viewers do."""
    messages, services = stubs

    def one(stream_id):
        call = client.StreamData(messages.StreamDataRequest(stream_id=stream_id), timeout=DEADLINE)
        frames, rows = [], 0
        for frame in call:
            frames.append(frame)
            rows += len(frame.row_index)
            if most_rows and rows >= most_rows:
                call.cancel()
                break
        return Rows(job, frames)

    with channel_of(job) as channel, ThreadPoolExecutor() as readers:
        client = services.DataStreamServiceStub(channel)
        return list(readers.map(one, range(job["stream_amount"])))
