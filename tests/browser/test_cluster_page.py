"""The viewer page of a server whose jobs run on a cluster."""

import pytest
from selenium.webdriver.common.by import By
from viewer_page import Page


@pytest.fixture
def page(chromium, on_kubernetes):
    yield Page(chromium, on_kubernetes.server.url)
    chromium.get("about:blank")


def text(page, name):
    return page.element(name).text


def test_a_view_runs_in_a_pod_and_goes_on_without_the_cluster(page, on_kubernetes, kubernetes):
    page.open().wait_for_live()
    page.wait_for_rows(20)
    assert len(on_kubernetes.objects("pods")) == 1
    assert text(page, "health") == "Healthy"
    with kubernetes.stopped("server"):
        page.until(lambda: text(page, "health") == "Degraded: Kubernetes down", "the outage in the head")
        page.wait_for_rows(page.rows + 20)
        assert page.state == "live", "a job that runs needs nobody to go on"
        page.driver.find_element(By.CSS_SELECTOR, "label:has(#view-type-1)").click()
        page.element("start").click()
        page.until(lambda: "Kubernetes unavailable: connection refused" in text(page, "error"), "the reason")
    page.until(lambda: text(page, "health") == "Healthy", "the end of the outage in the head")
    page.element("start").click()
    page.wait_for_state("live")
    page.wait_for_rows(50)
