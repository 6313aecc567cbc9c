"""The picture of the page in docs: `make serve`, then `python -m benchmarks.screenshot http://127.0.0.1:3000`.

Opens the page in the system's Chromium, clicks the first example and writes what is to be seen to docs/page.png.
"""

import argparse
import shutil
from pathlib import Path

from playwright.sync_api import sync_playwright

WIDTH, HEIGHT = 1240, 800


def screenshot(url: str, path: Path) -> None:
    """Write a PNG of the page at `url`, with an answer on it, to `path`."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"))
        page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT}, reduced_motion="reduce")
        page.goto(url)
        for _ in range(10):  # the last one's latency is not that of a first connection
            page.locator("#examples button").first.click()
            page.locator("#answer:not([aria-busy]) #bars li").first.wait_for()
            page.mouse.move(0, 0)
        page.screenshot(path=path, full_page=True)
        browser.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("url")
    parser.add_argument("--to", type=Path, default=Path("docs/page.png"))
    arguments = parser.parse_args()
    screenshot(arguments.url, arguments.to)
