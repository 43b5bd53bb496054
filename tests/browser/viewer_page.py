"""The viewer page in a browser, as tests handle it."""

from dataclasses import dataclass

from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webdriver import WebDriver
from selenium.webdriver.support.ui import WebDriverWait

PATIENCE = 30  # seconds, for anything that the page does by itself

# What the picture shows: how many pixels have a colour (grey gaps and the empty ground have none), a checksum of
# all pixels, and the mean colour.
LOOK = """
const picture = document.getElementById('picture');
const copy = new OffscreenCanvas(picture.width, picture.height).getContext('2d');
copy.drawImage(picture, 0, 0);
const { data } = copy.getImageData(0, 0, picture.width, picture.height);
let coloured = 0, checksum = 0;
const sum = [0, 0, 0];
for (let i = 0; i < data.length; i += 4) {
  const [r, g, b] = [data[i], data[i + 1], data[i + 2]];
  checksum = (checksum * 31 + r * 65536 + g * 256 + b) | 0;
  if (Math.max(r, g, b) - Math.min(r, g, b) < 30) continue;
  coloured += 1;
  sum[0] += r; sum[1] += g; sum[2] += b;
}
return { coloured, checksum, mean: sum.map((channel) => channel / coloured) };
"""

READ_OUT = """
const fields = [...document.querySelectorAll('#readout > [data-name]')];
return Object.fromEntries(fields.map((field) => [field.dataset.name, field.lastChild.textContent]));
"""


@dataclass
class Page:
    """The viewer in a browser."""

    driver: WebDriver
    url: str

    def open(self, fragment: str = "", path: str = "/") -> "Page":
        self.driver.get("about:blank")
        self.driver.get(f"{self.url}{path}{fragment}")
        return self

    def element(self, name: str):
        return self.driver.find_element(By.ID, name)

    def until(self, condition, what: str):
        return WebDriverWait(self.driver, PATIENCE, poll_frequency=0.1).until(lambda _: condition(), what)

    @property
    def state(self) -> str:
        return self.driver.find_element(By.TAG_NAME, "body").get_attribute("data-state")

    @property
    def rows(self) -> int:
        return int(self.element("picture").get_attribute("data-rows"))

    def look(self) -> dict:
        return self.driver.execute_script(LOOK)

    def wait_for_state(self, state: str) -> None:
        self.until(lambda: self.state == state, f"state {state}, but it is {self.state}")

    def wait_for_rows(self, rows: int) -> None:
        self.until(lambda: self.rows >= rows, f"{rows} rows")

    def wait_for_live(self, rows: int = 10) -> None:
        self.wait_for_state("live")
        self.wait_for_rows(rows)
        self.until(lambda: self.look()["coloured"] > 1000, "a coloured picture")

    def point_at(self, across: float, down: float) -> None:
        """Moves the pointer to a part of the stage's width and height."""
        stage = self.element("overlay")
        offset = [round((part - 0.5) * size) for part, size in
                  ((across, stage.size["width"]), (down, stage.size["height"]))]
        ActionChains(self.driver).move_to_element_with_offset(stage, *offset).perform()

    def press(self, key: str) -> None:
        ActionChains(self.driver).send_keys(key).perform()

    def enter(self, name: str, value: str) -> None:
        field = self.element(name)
        field.send_keys(Keys.CONTROL, "a")
        field.send_keys(value, Keys.ENTER)

    def read_out(self) -> dict[str, str]:
        return self.driver.execute_script(READ_OUT)
