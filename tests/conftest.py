"""Servers, brokers and clusters for the tests."""

import statistics
from collections import defaultdict

import packets
import pytest

pytest.register_assert_rewrite("told")

from cluster import KubernetesDeployment
from deployment import Deployment
from focus_process import FocusServer
from kubernetes_node import KubernetesNode
from rabbitmq_node import RabbitMqNode
from rows import generate_stubs
from stand_in_node import StandInNode
from told import USUALLY_WITHIN


@pytest.fixture(scope="session")
def focus_server(tmp_path_factory):
    """A server with default settings that all tests share: leave no job behind."""
    server = FocusServer(tmp_path_factory.mktemp("focus"), {})
    yield server
    server.stop()


@pytest.fixture
def start_focus(tmp_path_factory):
    """Starts servers with settings of their own: `start_focus(**{"jobs.max_jobs": 2})`."""
    servers = []

    def start(**settings):
        servers.append(FocusServer(tmp_path_factory.mktemp("focus"), settings))
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


@pytest.fixture(scope="session")
def rabbitmq(tmp_path_factory):
    """A broker that all tests share: whoever breaks it mends it."""
    node = RabbitMqNode(tmp_path_factory.mktemp("rabbitmq"))
    yield node
    node.stop()


@pytest.fixture(scope="session")
def deployment(rabbitmq, tmp_path_factory):
    """A feed and two control planes on the broker that all tests share: leave no job behind."""
    whole = Deployment(rabbitmq, tmp_path_factory.mktemp)
    yield whole
    whole.stop()


@pytest.fixture(scope="session")
def kubernetes():
    """A control plane that all tests share, without nodes: take a namespace, mend what you break."""
    node = KubernetesNode()
    yield node
    node.stop()


@pytest.fixture(scope="session")
def stand_in_node(kubernetes, tmp_path_factory):
    """Has the pods of all tests run."""
    node = StandInNode(kubernetes.api, tmp_path_factory.mktemp("pods"))
    yield node
    node.stop()


@pytest.fixture(scope="session")
def shared_on_kubernetes(kubernetes, stand_in_node, deployment, tmp_path_factory):
    """A deployment on a cluster, with a `server`, that all tests share."""
    place = KubernetesDeployment(kubernetes, stand_in_node, deployment, tmp_path_factory.mktemp)
    place.server = place.start()
    yield place
    place.clear()


@pytest.fixture
def on_kubernetes(shared_on_kubernetes):
    """The same for one test, which may leave jobs behind when it fails."""
    yield shared_on_kubernetes
    shared_on_kubernetes.clear(but=shared_on_kubernetes.server)


@pytest.fixture
def deploy(kubernetes, stand_in_node, deployment, tmp_path_factory):
    """Makes deployments on a cluster, with settings for their jobs: `deploy(**{"jobs.connect_within": "2s"})`."""
    places = []

    def make(**settings):
        places.append(KubernetesDeployment(kubernetes, stand_in_node, deployment, tmp_path_factory.mktemp, **settings))
        return places[-1]

    yield make
    for place in places:
        place.clear()


@pytest.fixture(scope="module")
def first_answers():
    """Where the tests of a module put the first answers in outages, by what they have in common: most came as fast as is
    promised."""
    answers = defaultdict(list)
    yield answers
    for kind, its in answers.items():
        seconds = [answer.elapsed.total_seconds() for answer in its]
        assert statistics.median_low(seconds) < USUALLY_WITHIN, f"{kind}: {seconds}"


@pytest.fixture(scope="module")
def labs(request, tmp_path_factory):
    """Deployments of their own, in which cases run: `labs(OneMachine)`. Each is started when it is first wanted."""
    packets.need_own_network()
    started = {}

    def get(kind):
        if kind not in started:
            started[kind] = kind(tmp_path_factory.mktemp, request.getfixturevalue)
        return started[kind]

    yield get
    for lab in started.values():
        lab.stop()


@pytest.fixture(scope="session")
def stubs(tmp_path_factory):
    """Messages and client of the gRPC service."""
    return generate_stubs(tmp_path_factory.mktemp("stubs"))
