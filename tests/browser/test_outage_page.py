"""The viewer page while the broker is cut off, and afterwards."""

import pytest
from selenium.webdriver.common.by import By
from viewer_page import Page


@pytest.fixture
def page(chromium, deployment):
    yield Page(chromium, deployment.proxied.url)
    chromium.get("about:blank")


def text(page, name):
    return page.element(name).text


def test_an_outage_is_told_and_survived(page, deployment):
    page.open().wait_for_live()
    page.until(lambda: page.element("channels-max").get_attribute("value") == "300", "the whole fibre")
    with deployment.proxy.while_it(deployment.proxy.refuse):
        page.until(lambda: text(page, "health") == "Degraded: RabbitMQ down", "the outage in the head")
        page.until(lambda: text(page, "fibre") == "waiting for fiber", "the fibre's absence")
        assert page.element("channels-max").get_attribute("value") == "300", "the controls stay as they are"
        assert page.state == "live", "the view waits for its samples"
        page.until(lambda: page.element("behind").is_displayed(), "that the picture is behind")
        page.driver.find_element(By.CSS_SELECTOR, "label:has(#view-type-1)").click()
        page.element("start").click()
        page.until(lambda: "RabbitMQ unavailable: connection refused" in text(page, "error"), "the reason")
    deployment.proxied.wait_until_well()
    page.wait_for_state("live")
    page.until(lambda: text(page, "health") == "Healthy", "the end of the outage in the head")
    page.wait_for_rows(1)
    assert not page.element("error").is_displayed()


def test_a_view_goes_on_after_an_outage(page, deployment):
    jobs_now = lambda: [job["id"] for job in deployment.proxied.get("/jobs").json()]
    page.until(lambda: not jobs_now(), "the end of the page before")
    page.open().wait_for_live()
    jobs = jobs_now()
    with deployment.proxy.while_it(deployment.proxy.refuse):
        page.until(lambda: page.element("behind").is_displayed(), "that the picture is behind")
    before = page.rows
    page.wait_for_rows(before + 20)
    page.until(lambda: not page.element("behind").is_displayed(), "that the picture has caught up")
    assert jobs_now() == jobs, "it is the same job"
