"""The pictures of the documentation, taken of a real run in the system's Chromium.

    make run 2>&1 | tee run.txt                                          # in one terminal; then, each in its own,
    make serve
    make ui
    python -m docs.screenshots --console run.txt --endpoint http://127.0.0.1:3000 --mlflow http://127.0.0.1:5000
    python -m docs.screenshots --watch month/index.html                  # which `docs.at_work` makes
    python -m docs.screenshots --label http://127.0.0.1:3100/label       # of `make label`; it answers nothing

Each option is left out where its pictures stay as they are.
"""

import argparse
import html
import io
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

FOLDER = Path(__file__).parent
WIDTH, HEIGHT = 1240, 800
TALL = 1855
"""Of the page that is a column of curves."""
COLOURS = 96
"""Of a picture: what is shown has few, and each costs bytes."""

_CONSOLE = """<body style="margin: 0; background: #16181d"><pre style="margin: 0; padding: 20px 24px; color: #d7dae0;
font: 13px/1.17 'DejaVu Sans Mono', monospace; display: inline-block">{}</pre></body>"""
_ESCAPES = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


@contextmanager
def browser_page() -> Iterator[Page]:
    """Yield a page of the system's Chromium."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"))
        yield browser.new_page(viewport={"width": WIDTH, "height": HEIGHT}, reduced_motion="reduce")
        browser.close()


def take_console(page: Page, text: str, path: Path) -> None:
    """Write a picture of what a run printed."""
    page.set_content(_CONSOLE.format(html.escape(_ESCAPES.sub("", text).strip("\n"))))
    write_small(page.locator("pre").screenshot(), path)


def take_endpoint(page: Page, url: str, path: Path) -> None:
    """Write a picture of the endpoint's page, with the answer to its first example."""
    page.goto(url)
    for _ in range(10):  # the last one's latency is not that of a first connection
        page.locator("#examples button").first.click()
        page.locator("#answer:not([aria-busy]) #bars li").first.wait_for()
        page.mouse.move(0, 0)
    write_small(page.screenshot(full_page=True), path)


def take_page(page: Page, url: str, shown: str, path: Path) -> None:
    """Write a picture of the top of a page, when the text `shown` is on it."""
    page.goto(url)
    page.get_by_text(shown).first.wait_for(timeout=180_000)
    page.wait_for_timeout(1_000)  # what is drawn beside it
    for panel in page.get_by_role("button", name="Close", exact=True).all():  # MLflow's assistant
        panel.click()
    write_small(page.screenshot(), path)


def take_label(page: Page, url: str, path: Path) -> None:
    """Write a picture of the page that asks for labels, the model's answer shown."""
    page.goto(url)
    page.locator("#work").wait_for()
    page.keyboard.press("a")
    write_small(page.screenshot(full_page=True), path)


def write_small(png: bytes, path: Path) -> None:
    """Write a picture with few colours, which takes a third of the bytes."""
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    picture.quantize(COLOURS, dither=Image.Dither.NONE).save(path, optimize=True)


def parts(text: str) -> dict[str, str]:
    """Return what a run printed in parts: the data, the gate, the answers with the summary."""
    data = re.search(r"^\w+: what is read.*?(?=^\d\d:|\Z)", text, re.DOTALL | re.MULTILINE)
    gate = re.search(r"^The gate: .*?(?=^Asked of)", text, re.DOTALL | re.MULTILINE)
    end = re.search(r"^Asked of the live endpoint.*", text, re.DOTALL | re.MULTILINE)
    found = {"console-data": data, "console-gate": gate, "console-summary": end}
    return {name: part[0] for name, part in found.items() if part}


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m docs.screenshots", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--console", type=Path, help="a file with what `make run` printed")
    parser.add_argument("--endpoint", help="the address of `make serve`")
    parser.add_argument("--mlflow", help="the address of `make ui`")
    parser.add_argument("--watch", type=Path, help="a page that `flows.watch` wrote")
    parser.add_argument("--label", help="the address of `make label`")
    parser.add_argument("--to", type=Path, default=FOLDER, help="the folder of the pictures (docs)")
    return parser.parse_args()


def main() -> None:
    """Take the pictures that are asked for."""
    given = _arguments()
    with browser_page() as page:
        if given.console:
            for name, text in parts(given.console.read_text()).items():
                take_console(page, text, given.to / f"{name}.png")
        if given.endpoint:
            take_endpoint(page, given.endpoint, given.to / "page.png")
            take_page(page, f"{given.endpoint}/card", "version", given.to / "card.png")
        if given.mlflow:
            take_page(page, f"{given.mlflow}/#/models/garments/versions/1", "Version 1", given.to / "mlflow.png")
        if given.label:
            take_label(page, given.label, given.to / "label.png")
        if given.watch:
            page.set_viewport_size({"width": WIDTH, "height": TALL})
            take_page(page, given.watch.absolute().as_uri(), "The verdict", given.to / "watch.png")


if __name__ == "__main__":
    main()
