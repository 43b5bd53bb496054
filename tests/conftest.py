"""What all tests of a running server share."""

import os
from types import SimpleNamespace

import pytest


@pytest.fixture(scope="session")
def focus_server():
    """A server to test; its address is the environment's FOCUS_URL."""
    url = os.environ.get("FOCUS_URL")
    if not url:
        pytest.skip("FOCUS_URL does not name a running server")
    return SimpleNamespace(url=url)
