"""Focus Server keeps its promise by its own casebook: the cases of `cases/` are run against real deployments."""

import json
import socket

import pytest
from case_labs import OneMachine, lab_of
from casebook import ERROR, PASSED, RUN_WITHIN, casebook, casebook_process
from deployment import until
from focus_process import ROOT

CASES = sorted(path for path in (ROOT / "cases").glob("*.md") if path.name != "README.md")
# Those that make packets late are run by `test_late_packets.py`.
RUN_HERE = [case for case in CASES if "`delay $" not in case.read_text()]
PZ_13602 = ROOT / "cases/PZ-13602.md"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_the_case_is_complete_by_our_own_audit(case, tmp_path):
    audited = casebook("audit", case, "--repo", ROOT, "--report", "json", directory=tmp_path)
    (ticket,) = json.loads(audited.stdout)["tickets"]
    assert ticket["verdict"]["gate"] == "executable", audited.stdout
    lacking = [field for field in ticket["fields"] if field["state"] not in ("adequate", "executable")]
    assert not lacking, lacking


@pytest.mark.parametrize("case", RUN_HERE, ids=lambda case: case.stem)
def test_the_case_passes_and_its_evidence_is_sound(labs, case):
    lab = labs(lab_of(case))
    ran, evidence = lab.run(case)
    assert ran.returncode == PASSED, ran.stdout + ran.stderr
    assert casebook("verify", evidence, directory=evidence).stdout.startswith("sound: ")
    (record,) = json.loads((evidence / "run.json").read_text())["cases"]
    assert {fault["state"] for fault in record["faults"]} <= {"verified"}
    written = "".join(file.read_text() for file in evidence.rglob("*") if file.is_file())
    assert [secret for secret in lab.secrets() if secret in written] == []
    assert not lab.left()


def test_what_an_environment_does_not_allow_is_not_touched(labs):
    ran, _ = labs(OneMachine).run(PZ_13602, rabbit={"may": []})
    assert ran.returncode == ERROR, ran.stdout + ran.stderr
    assert "targets.rabbit.may must have \"block\"" in ran.stdout
    assert "ok" not in ran.stderr


def test_whoever_kills_the_run_finds_the_broker_back(labs, tmp_path):
    """kill -9 while the broker is blocked: the watchdog lets it through, and nobody has to know."""
    lab = labs(OneMachine)
    environment = lab.environment(tmp_path)
    text = PZ_13602.read_text().replace(
        "`tcp $rabbit from $focus deadline 1s`", "`wait until tcp $rabbit from $focus open within 60s`"
    )
    (tmp_path / "PZ-13602.md").write_text(text)
    arguments = ("run", "PZ-13602.md", "--environment", "environment.toml")
    with casebook_process(*arguments, directory=tmp_path, **environment) as run:
        until(lambda: not reaches(lab.node.port), RUN_WITHIN, "block")
        run.kill()
    until(lambda: reaches(lab.node.port), RUN_WITHIN, "end of the block")
    recovered = casebook("recover", directory=tmp_path)
    assert recovered.returncode == PASSED, recovered.stdout + recovered.stderr


def reaches(port):
    try:
        socket.create_connection(("127.0.0.1", port), timeout=0.3).close()
    except OSError:
        return False
    return True
