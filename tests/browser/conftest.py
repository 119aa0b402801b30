"""A real Chromium for each person, whose console must stay silent; screenshots for people."""

import contextlib
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import Select, WebDriverWait

from complaints.demo.doors import png
from infra.local.accounts import PASSWORD
from infra.local.machine import Machine
from tests.doors import forget_rates

DRIVER = "/usr/bin/chromedriver"
PHONE, DESK = (390, 844), (1280, 900)
FLAGS = (
    *("headless=new", "no-sandbox", "disable-gpu", "disable-quic", "no-first-run"),
    *("disable-background-networking", "disable-component-update", "disable-sync"),
    *("disable-dev-shm-usage", "hide-scrollbars"),
)
PATIENCE = 30


class Window:
    """A browser window of one person."""

    def __init__(self, driver: Chrome, site: str, shots: Path) -> None:
        self.driver = driver
        self.site = site
        self.shots = shots
        self.expected: set[int] = set()
        """Statuses that this person provokes; the browser logs each as an error of the network."""

    def open(self, path: str) -> None:
        """Go to an address of the site."""
        self.driver.get(f"{self.site}{path}")

    @property
    def text(self) -> str:
        """What can be read on the page now, closed parts left out."""
        return self.find("body").text

    def find(self, css: str) -> WebElement:
        """Return the first part of the page that fits."""
        return self.driver.find_element(By.CSS_SELECTOR, css)

    def has(self, css: str) -> bool:
        """Return whether the page has such a part."""
        return bool(self.driver.find_elements(By.CSS_SELECTOR, css))

    def fill(self, form: str, **typed: str) -> WebElement:
        """Type, tick and choose in a form; return it."""
        found = self.find(form)
        for name, value in typed.items():
            fields = found.find_elements(By.NAME, name)
            kind = fields[0].get_attribute("type")
            if fields[0].tag_name == "select":
                Select(fields[0]).select_by_value(value)
            elif kind in {"radio", "checkbox"}:
                [wanted] = [one for one in fields if one.get_attribute("value") == value]
                wanted.find_element(By.XPATH, "./ancestor::label").click()
            elif kind in {"date", "datetime-local"}:
                # Typing into a date depends on the language of the browser.
                self.driver.execute_script("arguments[0].value = arguments[1]", fields[0], value)
            else:
                fields[0].clear()
                fields[0].send_keys(value)
        return found

    def press(self, button: WebElement | str) -> None:
        """Press a button or a link and wait for the page after it."""
        target = self.find(button) if isinstance(button, str) else button
        before = self.find("html")
        self.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", target)
        target.click()
        self.wait(lambda: before.id != self.find("html").id)
        self.wait(lambda: self.driver.execute_script("return document.readyState") == "complete")

    def submit(self, form: str, **typed: str) -> None:
        """Fill in a form and press its button."""
        found = self.fill(form, **typed)
        self.press(found.find_element(By.CSS_SELECTOR, "button[type=submit]"))

    def wait(self, look: Callable[[], object]) -> None:
        """Wait until this is so."""
        WebDriverWait(self.driver, PATIENCE, poll_frequency=0.1).until(lambda _: look())

    def wait_on(self, path: str, css: str) -> None:
        """Open an address again and again until the page has such a part."""

        def there() -> bool:
            self.open(path)
            return self.has(css)

        WebDriverWait(self.driver, PATIENCE, poll_frequency=0.5).until(lambda _: there())

    def shoot(self, name: str) -> None:
        """Keep a picture of the whole page, and check that it is not wider than its window."""
        width, page, height = self.driver.execute_script(
            "return [window.innerWidth, document.documentElement.scrollWidth,"
            " document.documentElement.scrollHeight]"
        )
        assert page <= width, f"{name} is {page} px wide in a window of {width}"
        metrics = {
            "width": width,
            "height": max(height, 600),
            "deviceScaleFactor": 1,
            "mobile": False,
        }
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        self.driver.save_screenshot(str(self.shots / f"{name}.png"))
        self.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})

    def sign_in(self, username: str) -> None:
        """Sign in at the console."""
        self.open("/staff")
        self.submit("form[action='/staff/sign-in']", username=username, password=PASSWORD)
        assert self.has("form[action='/staff/sign-out']"), self.text

    def complaints(self) -> list[str]:
        """Return what the browser complained about, statuses left out that were provoked."""
        return [
            entry["message"]
            for entry in self.driver.get_log("browser")  # type: ignore[no-untyped-call]
            if not (
                (found := re.search(r"status of (\d{3})", entry["message"]))
                and int(found[1]) in self.expected
            )
        ]


Open = Callable[..., Window]


@pytest.fixture
def shots(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of the screenshots of this session."""
    folder = tmp_path_factory.getbasetemp() / "screenshots"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture
def window(machine: Machine, shots: Path, tmp_path: Path) -> Iterator[Open]:
    """Open windows of Chromium; none of them may have anything to complain about."""
    forget_rates(machine)
    with contextlib.ExitStack() as opened:
        windows: list[Window] = []

        def open_one(size: tuple[int, int] = DESK) -> Window:
            options = ChromeOptions()
            for flag in (*FLAGS, f"window-size={size[0]},{size[1]}"):
                options.add_argument(f"--{flag}")
            options.add_argument(f"--user-data-dir={tmp_path / f'chromium{len(windows)}'}")
            options.add_experimental_option("prefs", {"intl.accept_languages": "zh-CN,zh"})
            options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
            driver = Chrome(options=options, service=Service(DRIVER))
            opened.callback(driver.quit)
            driver.set_window_size(*size)
            windows.append(Window(driver, machine.site_url, shots))
            return windows[-1]

        yield open_one
        found = [complaint for one in windows for complaint in one.complaints()]
        assert not found, "\n".join(found)


@pytest.fixture(scope="session")
def photo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write a photo into a file, as a phone would have it; return its path."""
    path = tmp_path_factory.mktemp("photo") / "现场照片.png"
    path.write_bytes(png(3))
    return path
