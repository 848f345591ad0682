"""Makes docs/screenshots/ from the sample house: `make screenshots`. Look at them before committing them."""

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs" / "screenshots"
PHONE, DESK = (390, 844), (1280, 860)
SHOTS = (
    ("arriving", "arriving now", PHONE, "light"),
    ("in-house", "in the house", PHONE, "dark"),
    ("departing", "leaving today", PHONE, "light"),
    ("booked", "comes later", PHONE, "light"),
    ("arriving-desk", "arriving now", DESK, "light"),
    ("booked-desk", "comes later", DESK, "dark"),
)
TOGETHER = ("booked", "arriving", "in-house")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]


@contextmanager
def running(home: str) -> Iterator[dict[str, str]]:
    """The sample house, served; yields a guest's link by the words it is printed with."""
    process = subprocess.Popen(
        [sys.executable, str(ROOT / "publish.py"), "up"],
        env={**os.environ, "GUESTLINK_HOME": home, "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        links: dict[str, str] = {}
        words = ""
        assert process.stdout
        for line in process.stdout:
            if found := re.search(r"http\S+#[\w-]{22}", line):
                links[words] = found[0]
            words = line.partition("A guest ")[2].removeprefix("who ").partition(" (")[0]
            if "is up at" in line:
                break
        yield links
    finally:
        process.terminate()
        process.communicate(timeout=20)


def shoot(browser: Browser, links: dict[str, str]) -> None:
    for name, which, (width, height), scheme in SHOTS:
        if which not in links:
            sys.stderr.write(f"Nobody is {which} at this hour: {name}.png stays as it is.\n")
            continue
        context = browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if scheme == "dark" else "light",
            device_scale_factor=2 if width == PHONE[0] else 1,
        )
        page = context.new_page()
        page.goto(links[which])
        page.wait_for_function("document.querySelector('h1')?.textContent.includes(',')")
        page.screenshot(path=FOLDER / f"{name}.png")
        context.close()


def together(browser: Browser) -> None:
    """Three phones side by side, for the README."""
    images = "".join(f'<img src="{(FOLDER / f"{name}.png").as_uri()}">' for name in TOGETHER)
    style = "body{margin:0;display:flex;gap:32px;padding:32px;background:#e9e4d8;width:max-content}"
    style += "img{width:300px;border-radius:22px;border:6px solid #2b2a27}"
    page = browser.new_page(viewport={"width": 1090, "height": 740}, device_scale_factor=1.5)
    draft = FOLDER / "together.html"
    draft.write_text(f"<style>{style}</style>{images}", "utf-8")
    page.goto(draft.as_uri())
    page.locator("body").screenshot(path=FOLDER / "guest.png")
    draft.unlink()


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as home, running(home) as links, sync_playwright() as player:
        browser = player.chromium.launch(executable_path="/usr/bin/chromium", args=ARGUMENTS)
        shoot(browser, links)
        together(browser)
        browser.close()


if __name__ == "__main__":
    main()
