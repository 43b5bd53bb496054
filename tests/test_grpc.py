"""The rows of jobs, over gRPC."""

import threading
from concurrent.futures import ThreadPoolExecutor

import grpc
import numpy as np
import pytest
from google.protobuf import descriptor_pool, message_factory
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase
from rows import DEADLINE, channel_of, read


def earthquake(server, **more):
    start, end = server.recording()
    return {"channels": {"min": 1, "max": 500}, "start_time": start, "end_time": end, **more}


def live(**more):
    return {"channels": {"min": 11, "max": 20}, "displayInfo": {"height": 100}, **more}


def test_the_earthquake_shows_when_it_should(focus_server, stubs):
    body = earthquake(
        focus_server,
        view_type=0,
        displayInfo={"height": 500},
        displayTimeAxisDuration=50,
        nfftSelection=128,
        frequencyRange={"min": 2, "max": 15},
    )
    with focus_server.job(body) as job:
        streams = read(stubs, job)
    assert job["lines_dt"] == pytest.approx(0.1)
    assert [stream.first for stream in streams] == [1, 168, 335] and streams[-1].last == 500
    for stream in streams:
        assert np.array_equal(stream.index, np.arange(len(stream.index))), "from 0 and without a jump"
        assert np.array_equal(stream.ms, streams[0].ms)
        assert np.nanmin(stream.values) >= 0
    values = np.concatenate([stream.values for stream in streams], axis=1)
    assert values.shape[1:] == (500, job["frequencies_amount"])

    time = streams[0].ms / 1000 - body["start_time"]
    first = round((time[0] - 0.05) / 0.1)
    centres = 0.05 + 0.1 * (first + np.arange(len(time)))
    assert time == pytest.approx(centres, abs=0.002), "the centre of each row's interval"
    # A window of 1.28 s around the centre has to lie inside the recording.
    assert time[0] < 0.64 + 0.11 and time[-1] > 50 - 0.64 - 0.11
    power = (values.astype(np.float64) ** 2).sum(axis=2).mean(axis=1)
    energy = np.convolve(power, np.ones(5) / 5, "same")
    energy /= energy[(time >= 2) & (time <= 6)].mean()

    def between(first, last):
        return energy[(time > first) & (time < last)]

    assert between(4, 7).max() < 2.5, "quiet before"
    assert between(8.5, 9.1).max() >= 8, "the P arrival"
    assert between(20, 26).max() < 8, "between the arrivals"
    assert between(28.9, 30).min() >= 80, "the S arrival"
    assert between(39, 45).max() < 20, "quiet again"


def test_a_waterfall_has_one_value_per_channel(focus_server, stubs):
    body = earthquake(focus_server, view_type=2, displayInfo={"height": 100})
    with focus_server.job(body) as job:
        streams = read(stubs, job)
    assert job["frequencies_list"] == [] and job["lines_dt"] == pytest.approx(0.1)
    values = np.concatenate([stream.values for stream in streams], axis=1)
    assert values.shape == (500, 500, 1)
    assert np.isfinite(values).all() and values.min() >= 0
    frames = [frame for stream in streams for frame in stream.frames]
    lowest = min(frame.global_minimum for frame in frames)
    highest = max(frame.global_maximum for frame in frames)
    assert (lowest, highest) == (values.min(), values.max())
    loudest = values[280:300, :, 0].mean(axis=0).argmax() + 1
    assert 38 <= loudest <= 53


def test_every_viewer_of_a_stream_gets_the_same_rows(focus_server, stubs):
    with focus_server.job(live(view_type=1, nfftSelection=128)) as job:
        assert job["stream_amount"] == 1 and job["channel_to_stream_index"] == {"11": 0}
        with ThreadPoolExecutor() as viewers:
            first, second = viewers.map(lambda _: read(stubs, job, 30)[0], range(2))
    common, in_first, in_second = np.intersect1d(first.index, second.index, return_indices=True)
    assert len(common) >= 10
    assert np.array_equal(first.values[in_first], second.values[in_second], equal_nan=True)
    assert np.array_equal(first.ms[in_first], second.ms[in_second])


def test_a_live_view_goes_on(focus_server, stubs):
    with focus_server.job(live(view_type=0, nfftSelection=128)) as job:
        streams = read(stubs, job, 25)
    assert len(streams) == 3
    for stream in streams:
        assert len(stream.index) >= 25
        assert (np.diff(stream.index) >= 1).all()
        steps = np.diff(stream.ms) / np.diff(stream.index) / 1000
        assert steps == pytest.approx(job["lines_dt"], abs=0.0015)
        assert np.isfinite(stream.values[-5:]).all()


def test_a_stream_that_is_not_there(focus_server, stubs):
    messages, services = stubs
    with focus_server.job(live(view_type=2)) as job, channel_of(job) as channel:
        client = services.DataStreamServiceStub(channel)
        for stream_id in (job["stream_amount"], -1, 2**31 - 1):
            with pytest.raises(grpc.RpcError) as refused:
                next(client.StreamData(messages.StreamDataRequest(stream_id=stream_id), timeout=DEADLINE))
            assert refused.value.code() == grpc.StatusCode.INVALID_ARGUMENT
            assert refused.value.details()


def test_a_job_that_is_stopped_ends_its_streams(focus_server, stubs):
    messages, services = stubs
    with focus_server.job(live(view_type=2)) as job, channel_of(job) as channel:
        call = services.DataStreamServiceStub(channel).StreamData(messages.StreamDataRequest(), timeout=DEADLINE)
        next(call)
        stopper = threading.Thread(target=focus_server.delete, args=(f"/job/{job['job_id']}",))
        stopper.start()
        with pytest.raises(grpc.RpcError) as ended:
            for _ in call:
                pass
        stopper.join()
    assert ended.value.code() == grpc.StatusCode.UNAVAILABLE


def test_health_service(focus_server):
    with focus_server.job(live(view_type=2)) as job, channel_of(job) as channel:
        client = health_pb2_grpc.HealthStub(channel)
        for service in ("", "pandadatastream.DataStreamService"):
            answer = client.Check(health_pb2.HealthCheckRequest(service=service), timeout=DEADLINE)
            assert answer.status == health_pb2.HealthCheckResponse.SERVING


def test_a_client_that_knows_nothing_but_reflection(focus_server):
    with focus_server.job(live(view_type=2)) as job, channel_of(job) as channel:
        database = ProtoReflectionDescriptorDatabase(channel)
        assert "pandadatastream.DataStreamService" in database.get_services()
        pool = descriptor_pool.DescriptorPool(database)
        method = pool.FindServiceByName("pandadatastream.DataStreamService").FindMethodByName("StreamData")
        request = message_factory.GetMessageClass(method.input_type)
        answer = message_factory.GetMessageClass(method.output_type)
        call = channel.unary_stream(
            "/pandadatastream.DataStreamService/StreamData",
            request_serializer=request.SerializeToString,
            response_deserializer=answer.FromString,
        )
        frames = call(request(stream_id=0), timeout=DEADLINE)
        frame = next(frames)
        frames.cancel()
        assert frame.start_channel == 11 and len(frame.main_data) == len(frame.row_index) > 0
