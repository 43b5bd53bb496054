"""What operators watch the server with: alerts and a dashboard that name only what the server really shows."""

import itertools
import json
import re
import shutil
import subprocess

import pytest
from deployment import FocusControlPlane
from focus_process import ROOT

MONITORING = ROOT / "deploy/monitoring"
ALERTS = (MONITORING / "alerts.yml").read_text()
DASHBOARD = json.loads((MONITORING / "dashboard.json").read_text())
ALERT = re.compile(
    r"- alert: (?P<name>\w+)\n(?: +#.*\n)* +expr: (?P<expr>(?s:.*?))\n +for: \w+\n"
    r" +labels:\n +severity: (?P<severity>\w+)\n +annotations:\n +summary: .+\n +description: .+\n"
    r" +runbook_url: (?P<runbook>\S+)\n"
)
RULES = {rule["name"]: rule for rule in ALERT.finditer(ALERTS)}
MATCHER = re.compile(r'(\w+)\s*(=~|!~|!=|=)\s*"([^"]*)"')
# Labels that Prometheus gives to all that it scrapes, and to pods.
TARGET = {"instance", "job", "pod"}
GRID_WIDTH = 24


def promtool(*arguments):
    """Runs Prometheus' own checker. A test without it would check nothing: it fails."""
    assert shutil.which("promtool"), "promtool is missing: install Debian's package prometheus, as ./test does"
    return subprocess.run(["promtool", *arguments], capture_output=True, text=True, timeout=120)


def assert_good(result):
    assert result.returncode == 0, result.stdout + result.stderr


def panels():
    """Those that show something: rows are only headings."""
    return [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]


def targets():
    return [(panel["title"], target) for panel in panels() for target in panel["targets"]]


def dashboard_expressions():
    """Every PromQL expression of the dashboard and its panel, with values for Grafana's variables."""
    return [
        (title, target["expr"].replace("$__rate_interval", "1m").replace("$instance", ".*"))
        for title, target in targets()
    ]


def expressions():
    """Every PromQL expression, and the alert or panel that it belongs to."""
    return [(name, rule["expr"]) for name, rule in RULES.items()] + dashboard_expressions()


def samples(text):
    """The metrics of a server: the label sets of each name."""
    shown = {}
    for line in text.splitlines():
        if line and not line.startswith("#"):
            name, labels = re.match(r"(\w+)(?:\{(.*)\})?", line).groups()
            shown.setdefault(name, []).append({label: value for label, _, value in MATCHER.findall(labels or "")})
    return shown


def selectors():
    """Every metric that is asked for, with its label matchers, and by whom."""
    for owner, expr in expressions():
        for name, matchers in re.findall(r"\b(focus_\w+)(?:\{([^}]*)\})?", expr):
            yield owner, name, [matcher for matcher in MATCHER.findall(matchers) if matcher[0] not in TARGET]


@pytest.fixture(scope="module")
def shown(deployment, kubernetes, tmp_path_factory):
    """What a server on a broker shows that has answered a request of every kind that a label tells apart, and one whose
    jobs run on a cluster and whose recordings MongoDB lists."""
    server = deployment.direct
    server.get("/ack")
    with server.job({"view_type": 2, "channels": {"min": 1, "max": 5}, "displayInfo": {"height": 100}}):
        here = samples(server.get("/metrics").text)
    elsewhere = {
        "catalogue.mongodb_url": "mongodb://127.0.0.1:1",
        "jobs.launcher": "kubernetes",
        "kubernetes.kubeconfig": kubernetes.kubeconfig,
        "kubernetes.namespace": kubernetes.namespace(),
    }
    server = FocusControlPlane(tmp_path_factory.mktemp("cluster"), deployment.node.url(), **elsewhere)
    there = samples(server.get("/metrics").text)
    server.stop()
    return {name: here.get(name, []) + there.get(name, []) for name in here | there}


def test_alert_rules_are_well_formed():
    assert_good(promtool("check", "rules", "--lint=all", "--lint-fatal", MONITORING / "alerts.yml"))


def test_alerts_fire_and_stay_quiet_as_they_should():
    assert_good(promtool("test", "rules", MONITORING / "alerts_test.yml"))


def test_every_alert_has_cases_of_both_kinds(tmp_path):
    cases = (MONITORING / "alerts_test.yml").read_text()
    for name in RULES:
        assert f"alertname: {name}, exp_alerts: []}}" in cases, f"{name} has no case in which it stays quiet"
    never = re.sub(r"expr: .*?\n(\s+for:)", r"expr: vector(0) > 1\n\1", ALERTS, flags=re.DOTALL)
    (tmp_path / "alerts.yml").write_text(never)
    (tmp_path / "alerts_test.yml").write_text(cases)
    missed = set(re.findall(r"alertname: (\w+)", promtool("test", "rules", tmp_path / "alerts_test.yml").stderr))
    assert missed == set(RULES), "these have no case in which they fire"


def test_every_alert_has_a_severity_and_a_place_in_the_runbook():
    assert list(RULES) == re.findall(r"- alert: (\w+)", ALERTS), "not all alerts are complete"
    headings = re.findall(r"^#+ (\w+)$", (ROOT / "docs/monitoring.md").read_text(), re.MULTILINE)
    for name, rule in RULES.items():
        assert rule["severity"] in {"critical", "warning", "info"}, name
        assert rule["runbook"] == f"docs/monitoring.md#{name.lower()}"
        assert name in headings, f"{name} has no heading in docs/monitoring.md"


def test_the_runbook_knows_every_metric(shown):
    document = (ROOT / "docs/monitoring.md").read_text()
    families = {re.sub(r"_(bucket|sum|count)$", "", name) for name in shown}
    assert not {name for name in families if f"`{name}`" not in document and f"`{name}{{" not in document}


def test_the_dashboard_belongs_to_nobody():
    assert (DASHBOARD["uid"], DASHBOARD["id"]) == ("focus-server", None)
    variables = {variable["name"]: variable["type"] for variable in DASHBOARD["templating"]["list"]}
    assert variables == {"datasource": "datasource", "instance": "query"}
    assert set(re.findall(r'"uid": "([^"]*)"', json.dumps(DASHBOARD))) == {"focus-server", "${datasource}"}
    for panel in panels():
        for part in [panel, *panel["targets"]]:
            assert "datasource" in part, panel["title"]


def test_panels_have_ids_and_places_of_their_own():
    ids = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(set(ids)) == len(ids)
    taken = {}
    for panel in DASHBOARD["panels"]:
        at = panel["gridPos"]
        assert at["x"] >= 0 and at["w"] > 0 and at["h"] > 0 and at["x"] + at["w"] <= GRID_WIDTH, panel["title"]
        for cell in itertools.product(range(at["x"], at["x"] + at["w"]), range(at["y"], at["y"] + at["h"])):
            assert cell not in taken, f"{panel['title']} lies on {taken[cell]}"
            taken[cell] = panel["title"]
    for panel in panels():
        refs = [target["refId"] for target in panel["targets"]]
        assert refs and len(set(refs)) == len(refs), panel["title"]


def test_every_expression_of_the_dashboard_parses(tmp_path):
    rules = [{"record": f"panel:{number}", "expr": expr} for number, (_, expr) in enumerate(dashboard_expressions())]
    # JSON is YAML.
    (tmp_path / "rules.yml").write_text(json.dumps({"groups": [{"name": "dashboard", "rules": rules}]}))
    assert_good(promtool("check", "rules", tmp_path / "rules.yml"))


def test_alerts_and_dashboard_ask_only_for_what_the_server_shows(shown):
    asked = list(selectors())
    assert {name for _, name, _ in asked} >= {"focus_upstream_up", "focus_http_requests_total"}
    for owner, name, matchers in asked:
        assert name in shown, f"{owner} asks for {name}"
        for label, operator, value in matchers:
            values = {labels.get(label) for labels in shown[name]}
            assert values != {None}, f"{owner}: {name} has no label {label}"
            if name.startswith("focus_configure"):
                assert values.issuperset(value.split("|")), f'{owner}: no {name}{{{label}{operator}"{value}"}}'
    known = TARGET | {"le"} | {label for sets in shown.values() for labels in sets for label in labels}
    for owner, expr in expressions():
        for labels in re.findall(r"\b(?:by|without) \(([^)]*)\)", expr):
            assert set(labels.split(", ")) <= known, f"{owner}: {labels}"
    for owner, target in targets():
        assert set(re.findall(r"{{(\w+)}}", target["legendFormat"])) <= known, owner
