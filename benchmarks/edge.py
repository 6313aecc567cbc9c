"""What a model costs in a browser: its page's size, how long it takes to open, a file, a frame of a camera.

    python -m benchmarks.edge [--quick] [--json FILE] [--artifacts FOLDER] [--url URL] [--seconds N]

FOLDER is what the stages of a workload of pictures or sounds left (`dvc repro`); artifacts/garments if nothing is said.
Both bundles are written as edge folders and served on loopback. Of sounds there is no camera and no other library.

    compressed   megabytes of all files, each by gzip as servers do; of it the runtime
    opened       milliseconds in a fresh headless Chromium until it is ready: fetched, compiled, golden rows checked
    again        the same from the service worker's cache
    a picture    median milliseconds of a PNG, or of a WAV file at the model's rate, of the test split in the worker:
                 read, run, answered
    frames       a second, of Chromium's fake camera (640 x 480)
    largest      difference of an output from Python's, over the test split, by the same runtime in Node
    other labels than Python's, of the same pictures (transformers.js) or over the test split
    transformers.js   the same model as that library runs it, left out where npm does not bring it
    endpoint     median milliseconds there and back of the same pictures at URL, an endpoint of the same model; left out
                 if none is named
"""

import base64
import http.client
import shutil
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks import harness
from benchmarks.edge_server import ready, served
from benchmarks.edge_transformers import in_transformers
from components import catalogue
from components.inference.bundle import Bundle
from components.inference.edge import compressed, examine, fetch_runtime, write_edge
from components.kinds.prepared import PreparedData, open_prepared

CAMERA = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")
BUNDLES = {"float32": "bundle", "int8": "bundle-int8"}
ASK = """
async (files) => {
  const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const worker = new Worker("worker.js", { type: "module" });
  const call = (id, call, content) => new Promise((done) => {
    worker.onmessage = ({ data }) => done(data.found);
    worker.postMessage({ id, call, content });
  });
  await call(0, "open");
  const times = [];
  for (const file of files) times.push((await call(1, "file", bytes(file).buffer)).milliseconds);
  return times.sort((a, b) => a - b)[files.length >> 1];
}
"""
FRAMES = "Number(document.getElementById('stage').dataset.frames ?? 0)"


def main() -> None:
    """Measure, print the table, and write it where the user wants it."""
    parser = harness.parser(__doc__, quick="few pictures, two seconds of camera")
    parser.add_argument("--artifacts", type=Path, default=harness.ROOT / "artifacts" / "garments")
    parser.add_argument("--url", help="of an endpoint, as http://127.0.0.1:3000")
    parser.add_argument("--seconds", type=float, help="of the camera (10)")
    options = parser.parse_args()
    count, seconds = (20, 2.0) if options.quick else (200, 10.0)
    data = open_prepared(options.artifacts / "prepared")
    rows = catalogue.sample(data.kind).requests(data, range(min(count, data.counts["test"])), True)
    files = [next(value for value in row.values() if isinstance(value, bytes)) for row in rows]
    camera = data.kind == "image"
    runtime = fetch_runtime()
    figures: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as scratch, chromium() as browser:
        for name, bundle in BUNDLES.items():
            path = options.artifacts / bundle
            folder = write_edge(path, "1", {}, runtime, Path(scratch, name)).path
            figures[name] = in_browser(browser, folder, files, (options.seconds or seconds) if camera else 0.0)
            figures[name] |= in_node(folder, path, data, count if options.quick else None)
        bundle = options.artifacts / "bundle"
        labels = Bundle(bundle).outputs(np.asarray(data.inputs("test")[:count])).argmax(axis=1).tolist()
        if camera and (peer := in_transformers(browser, bundle, files, labels, Path(scratch))):
            figures["transformers.js"] = peer
    if options.url:
        figures["endpoint"] = {"a picture, ms": round_trip(options.url, files)}
    harness.finish({"arms": figures}, report, options.json)


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start the system's Chromium, with a camera that is none."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found(), args=CAMERA)
        yield browser
        browser.close()


def found() -> str:
    """Return the path of Chromium."""
    there = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if there is None:
        raise SystemExit("needs Chromium on the PATH: make chromium")
    return there


def in_browser(browser: Browser, folder: Path, files: list[bytes], seconds: float) -> dict[str, float]:
    """Return what the page takes in a fresh context; the camera so many seconds, 0: it is left out."""
    context = browser.new_context(permissions=["camera"])
    page = context.new_page()
    with served(folder) as url:
        opened = ready(page, lambda: page.goto(url))
        page.evaluate("navigator.serviceWorker.ready.then(() => true)")
        again = ready(page, page.reload)
        picture = page.evaluate(ASK, [base64.b64encode(file).decode() for file in files])
        frames = {"frames/s": of_camera(page, seconds)} if seconds else {}
    context.close()
    whole, runtime = compressed(folder), compressed(folder / "runtime")
    return {
        "compressed, MB": whole / 1e6,
        "of it the runtime": runtime / 1e6,
        "opened, ms": opened,
        "again, ms": again,
        "a picture, ms": picture,
        **frames,
    }


def of_camera(page: Page, seconds: float) -> float:
    """Return how many frames a second are answered."""
    page.click("#watch")
    while page.evaluate(FRAMES) < 5:
        time.sleep(0.1)
    before, began = page.evaluate(FRAMES), time.monotonic()
    time.sleep(seconds)
    return float(page.evaluate(FRAMES) - before) / (time.monotonic() - began)


def in_node(folder: Path, path: Path, data: PreparedData, count: int | None) -> dict[str, float]:
    """Return by how much the runtime's outputs differ from Python's."""
    inputs, bundle = np.asarray(data.inputs("test")[:count]), Bundle(path)
    about = bundle.about
    found = examine(folder, inputs, catalogue.answers(about.kind, about.task).OUTPUT)
    if found is None:
        return {}
    expected = bundle.outputs(inputs)
    return {
        "largest difference": float(np.abs(found.outputs - expected).max()),
        "other labels": int((found.outputs.argmax(axis=1) != expected.argmax(axis=1)).sum()),
        "examples": len(inputs),
    }


def round_trip(url: str, files: list[bytes]) -> float:
    """Return the median milliseconds of a picture there and back, on one connection."""
    parts = urlsplit(url)
    connection, times = http.client.HTTPConnection(parts.hostname or "", parts.port or 80), []
    for file in files:
        began = time.perf_counter()
        connection.request("POST", "/predict", file)
        connection.getresponse().read()
        times.append(1e3 * (time.perf_counter() - began))
    return statistics.median(times)


def report(figures: dict[str, Any]) -> None:
    """Print the figures as a Markdown table, one row an arm."""
    print(f"{figures['machine']}\n")
    columns = list(figures["arms"]["float32"])
    print("| | " + " | ".join(columns) + " |")
    print("|---" * (len(columns) + 1) + "|")
    for arm, values in figures["arms"].items():
        shown = [_shown(values[column]) if column in values else "" for column in columns]
        print(f"| {arm} | " + " | ".join(shown) + " |")


def _shown(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


if __name__ == "__main__":
    main()
