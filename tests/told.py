"""What a server tells of requests that it did not fulfil: in the answer, in its metrics and in its log."""

import json
import re
from collections import Counter

from deployment import until
from focus_process import is_unavailable

UPSTREAMS = {"rabbitmq", "kubernetes", "mongodb"}
# A request that finds an outage waits at most 1 s. The machine may be busy, but not always when the same is asked.
ANSWERED_WITHIN, USUALLY_WITHIN = 4.0, 1.5
TOLD_WITHIN = 10.0


def answers_up_to(code, send):
    """Sends a request until the answer has a code; all answers. On a busy machine an upstream that refuses may be late, and
    is taken for one that is out until the server has looked again."""
    answers = []

    def is_told():
        answers.append(send())
        return answers[-1].json()["code"] == code or not is_unavailable(answers[-1])

    until(is_told, TOLD_WITHIN, f"answer {code}")
    return answers


def keys_of(value):
    """All keys of a JSON value, at any depth."""
    if isinstance(value, dict):
        return {key for name, inner in value.items() for key in {name} | keys_of(inner)}
    return {key for inner in value for key in keys_of(inner)} if isinstance(value, list) else set()


def configure_counts(server):
    """`focus_configure_requests_total` of what was not started or repeated, by reason."""
    lines = re.findall(
        r'^focus_configure_requests_total\{outcome="(refused|failed)",reason="(\w+)"\} (\d+)$',
        server.get("/metrics").text,
        re.MULTILINE,
    )
    assert lines
    return Counter({reason: int(count) for _, reason, count in lines})


def http_errors(server):
    """How many requests to start a job HTTP has answered with a status that is not 2xx, for whatever reason."""
    lines = re.findall(
        r'^focus_http_requests_total\{route="/configure",method="POST",status="[^2]xx"\} (\d+)$',
        server.get("/metrics").text,
        re.MULTILINE,
    )
    return sum(map(int, lines))


def answer_lines(log):
    """What was logged of answers that are not 2xx: by request, the lines."""
    lines = {}
    for line in map(json.loads, log.splitlines()):
        if line["level"] == "WARN" and line.get("path", "").endswith("/configure"):
            lines.setdefault(line["span"]["request_id"], []).append(line)
    return lines


def assert_told_once(server, log, answers, counts_before, within=ANSWERED_WITHIN):
    """Answers, counter and log say the same, each answer once and in time."""
    codes = Counter(answer.json()["code"] for answer in answers)
    # Who is turned away at the door has not yet asked for a job.
    del codes["forbidden_host"]
    assert configure_counts(server) - counts_before == codes
    lines = answer_lines(log)
    assert sorted(lines) == sorted(answer.json()["request_id"] for answer in answers)
    for answer in answers:
        body = answer.json()
        (line,) = lines[body["request_id"]]
        assert (line["status"], line["code"], line["error"]) == (answer.status_code, body["code"], body["error"])
        assert 0 < line["ms"] < 1000 * within
        upstream = body["code"].partition("_")[0]
        if upstream in UPSTREAMS:
            assert line["upstream"] == upstream


def assert_unharmed(log):
    assert "panic" not in log.lower() and "traceback" not in log.lower()
