"""The viewer page, as an operator uses it: a real browser against a real server."""

import json
import time
import urllib.error
import urllib.request
from datetime import datetime, timezone

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from viewer_page import Page

TIME = "%Y-%m-%d %H:%M:%S.%f UTC"
MIDDLE = 0.415  # of the stage's height: the middle of the picture, which has a profile and an axis below it

CONFIGURED = "return performance.getEntriesByType('resource').filter((e) => e.name.endsWith('/configure')).length"


@pytest.fixture
def page(chromium, focus_server):
    viewer = Page(chromium, focus_server.url.rstrip("/"))
    chromium.get_log("browser")
    yield viewer
    complaints = [entry["message"] for entry in chromium.get_log("browser") if entry["level"] == "SEVERE"]
    chromium.get("about:blank")
    assert [text for text in complaints if "Failed to load resource" not in text] == []


def ask(url: str, body: dict | None = None):
    """The server's JSON answer, also when it is an error."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        return json.load(error)


def last_recording(page: Page) -> tuple[float, float]:
    recordings = ask(f"{page.url}/recordings_in_time_range", {"start_time": 0, "end_time": time.time()})
    assert recordings, "the server has no recording"
    return tuple(recordings[-1])


def iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@pytest.mark.parametrize("path", ["/", "/focus-server/"])
def test_live_view_starts_by_itself(page, path):
    page.open(path=path).wait_for_live()
    assert page.element("state").text == "Live"
    assert not page.element("error").is_displayed()


def test_a_live_view_begins_with_the_seconds_before(page):
    page.until(lambda: ask(f"{page.url}/health")["uptime"] > 8, "something to remember")
    page.until(lambda: not ask(f"{page.url}/jobs"), "the end of the page before")
    asked = time.time()
    page.open().wait_for_live()
    [job] = ask(f"{page.url}/jobs")
    seconds = page.rows * 10 / job["view"]["displayInfo"]["height"]
    assert seconds > time.time() - asked + 3


def test_picture_moves(page):
    page.open().wait_for_live()
    before = page.look()
    page.wait_for_rows(page.rows + 5)
    page.until(lambda: page.look()["checksum"] != before["checksum"], "other pixels")


def test_colours_change_without_a_new_request(page):
    page.open().wait_for_live()
    page.press(" ")
    page.wait_for_state("paused")
    requests = page.driver.execute_script(CONFIGURED)
    before = page.look()
    page.element("colormap").send_keys("magma")
    page.until(lambda: page.look()["mean"][0] > before["mean"][0] + 20, "the reds of another map")
    assert page.driver.execute_script(CONFIGURED) == requests
    assert "map=magma" in page.driver.current_url


def test_contrast_set_by_hand_changes_the_picture(page):
    page.open().wait_for_live()
    page.press(" ")
    page.wait_for_state("paused")
    before = page.look()
    page.enter("contrast-low", "-300")
    page.until(lambda: page.look()["checksum"] != before["checksum"], "other pixels")
    assert page.element("contrast-auto").get_attribute("aria-pressed") == "false"
    assert "contrast=-300.." in page.driver.current_url


def test_cursor_reads_time_channel_and_value(page):
    page.open().wait_for_live()
    page.point_at(0.5, 0.74)
    page.until(lambda: "Value" in page.read_out(), "a read-out")
    read = page.read_out()
    highest = ask(f"{page.url}/channels")["highest_channel"]
    assert 1 <= int(read["Channel"]) <= highest
    assert read["Value"].endswith(" dB")
    shown = datetime.strptime(read["Time"], TIME).replace(tzinfo=timezone.utc)
    assert abs(time.time() - shown.timestamp()) < 60


def test_arrow_keys_move_the_cursor(page):
    page.open().wait_for_live()
    page.element("overlay").send_keys(Keys.ARROW_RIGHT)
    page.until(lambda: page.read_out().get("Channel") == "2", "channel 2")
    page.press(Keys.ARROW_RIGHT)
    page.until(lambda: page.read_out().get("Channel") == "3", "channel 3")


def test_wrong_value_shows_the_servers_words(page):
    page.open().wait_for_live()
    page.enter("channels-max", "999999")
    page.until(lambda: page.element("error").is_displayed(), "an error")
    wrong = {"view_type": 2, "channels": {"min": 1, "max": 999999}, "displayInfo": {"height": 50}}
    assert page.element("error").text == ask(f"{page.url}/configure", wrong)["error"]
    assert page.element("channels-max").get_attribute("aria-invalid") == "true"
    assert page.element("channels-min").get_attribute("aria-invalid") is None
    # The view before goes on, and a right value is accepted.
    page.wait_for_rows(page.rows + 3)
    page.enter("channels-max", "5")
    page.until(lambda: not page.element("error").is_displayed(), "no error")
    page.until(lambda: "channels=1..5" in page.driver.current_url, "the new view")
    page.wait_for_state("live")


def test_pause_holds_the_picture_while_rows_come_in(page):
    page.open().wait_for_live()
    page.press(" ")
    page.wait_for_state("paused")
    page.until(lambda: page.look()["checksum"] == page.look()["checksum"], "a picture at rest")
    before = page.look()
    page.wait_for_rows(page.rows + 5)
    assert page.look()["coloured"] == pytest.approx(before["coloured"], rel=0.02)
    page.press(" ")
    page.wait_for_state("live")


@pytest.mark.parametrize("view", ["waterfall", "multichannel", "channel"])
def test_recording_is_shown_to_its_end(page, view):
    start, end = last_recording(page)
    page.open(f"#view={view}&channels=40..60&start={iso(start)}&end={iso(end)}&map=magma")
    page.wait_for_state("completed")
    assert page.rows > 100
    assert page.element("state").text == "Completed"
    assert page.element("colormap").get_attribute("value") == "magma"
    page.until(lambda: page.look()["coloured"] > 50_000, "a picture that fills the display")
    page.point_at(0.3, MIDDLE)
    page.until(lambda: "Value" in page.read_out(), "a read-out")
    shown = datetime.strptime(page.read_out()["Time"], TIME).replace(tzinfo=timezone.utc)
    assert shown.timestamp() == pytest.approx((start + end) / 2, abs=(end - start) / 50)
    assert ("Frequency" in page.read_out()) == (view == "channel")


def test_last_recording_in_one_click(page):
    page.open().wait_for_live()
    page.until(lambda: "recording" in page.element("recordings-note").text, "the recordings")
    page.element("recording-last").click()
    page.wait_for_state("completed")
    assert "start=" in page.driver.current_url


def test_a_recording_is_shown_whole_whatever_fibre_is_live(chromium, start_focus):
    # Eight live channels; the recording has five hundred.
    server = start_focus(**{"live.source": "simulator", "live.simulator.channels": 8})
    page = Page(chromium, server.url).open()
    page.wait_for_state("live")
    page.until(lambda: "recording" in page.element("recordings-note").text, "the recordings")
    page.element("recording-last").click()
    page.wait_for_state("completed")
    assert page.element("channels-max").get_attribute("placeholder") == "500"
    job_views = [line for line in server.log().splitlines() if "job started" in line and "start_time" in line]
    assert '\\"max\\":500' in job_views[-1], job_views[-1]
    page.element("source-live").click()
    page.wait_for_state("live")
    assert page.element("channels-max").get_attribute("placeholder") == "8"
    assert page.element("channels-max").get_attribute("value") in ("", "8")
    chromium.get("about:blank")


def test_the_address_restores_a_view(page):
    start, end = last_recording(page)
    page.open().wait_for_live()
    page.until(lambda: "recording" in page.element("recordings-note").text, "the recordings")
    page.element("recording-last").click()
    page.wait_for_state("completed")
    address = page.driver.current_url
    page.driver.get("about:blank")
    page.driver.get(address)
    page.wait_for_state("completed")
    assert page.rows > 0 and page.look()["coloured"] > 1000
    assert iso(start)[:19] in page.element("start-time").get_attribute("value").replace(" ", "T")


def test_spectra_of_another_channel(page):
    start, end = last_recording(page)
    page.open(f"#view=multichannel&channels=40..60&start={iso(start)}&end={iso(end)}")
    page.wait_for_state("completed")
    before = page.look()
    page.press("]")
    page.until(lambda: "channel=51" in page.driver.current_url, "channel 51")
    page.until(lambda: page.look()["checksum"] != before["checksum"], "another spectrogram")


def test_timeline_page_leads_to_the_viewer(page):
    page.open(path="/get_recordings_timeline")
    first = page.until(lambda: page.driver.find_elements(By.CSS_SELECTOR, "#list a"), "a list of recordings")[0]
    first.click()
    page.wait_for_state("completed")


def test_a_live_view_goes_on_after_its_job_was_stopped(page):
    page.open().wait_for_live()
    rows = page.rows
    for job in ask(f"{page.url}/jobs"):
        urllib.request.urlopen(urllib.request.Request(f"{page.url}/job/{job.get('job_id') or job['id']}", method="DELETE"))
    page.until(lambda: page.driver.execute_script(CONFIGURED) >= 2, "another job")
    page.wait_for_state("live")
    page.wait_for_rows(rows + 20)


def test_the_picture_survives_the_loss_of_the_gpu(page):
    page.open().wait_for_live()
    page.driver.execute_script("""
        const lose = document.getElementById('picture').getContext('webgl2').getExtension('WEBGL_lose_context');
        lose.loseContext();
        setTimeout(() => lose.restoreContext(), 200);
    """)
    page.wait_for_rows(page.rows + 10)
    page.until(lambda: page.look()["coloured"] > 1000, "a coloured picture")


def test_a_browser_without_webgl2_is_told_so(page):
    script = "HTMLCanvasElement.prototype.getContext = function () { return null; };"
    added = page.driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": script})
    try:
        page.open()
        page.until(lambda: "WebGL2" in page.element("message").text, "the reason")
        assert page.state == "error"
    finally:
        page.driver.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", added)
        page.driver.get_log("browser")


def test_keys_are_listed(page):
    page.open().wait_for_live()
    page.press("?")
    page.until(lambda: page.element("help").is_displayed(), "the list of keys")
    assert "Space" in page.element("help-keys").text
    page.press(Keys.ESCAPE)
    page.until(lambda: not page.element("help").is_displayed(), "no list")


def test_leaving_stops_the_job(page):
    page.open().wait_for_live()
    running = len(ask(f"{page.url}/jobs"))
    assert running >= 1
    page.driver.get("about:blank")
    page.until(lambda: len(ask(f"{page.url}/jobs")) < running, "one job fewer")
