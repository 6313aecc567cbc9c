import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.load import Job, load
from benchmarks.server import free_port
from benchmarks.wire import post
from tests.conftest import Project, end

HELP = """
import contextlib, runpy, sys
for script in sys.argv[1:]:
    sys.argv = [script, "--help"]
    with contextlib.suppress(SystemExit):
        runpy.run_module(script, run_name="__main__")
"""
"""All in one process: most of the time is that of importing torch."""
SERVING = (sys.executable, "-m", "benchmarks.serving")
MOODY = """
import asyncio, sys
from itertools import cycle
ANSWERS = cycle([(200, b'{"label":"a"}'), (200, b'{"label": "b"}'), (429, b"{}"), (0, b"")])
async def answer(reader, writer):
    while await reader.readuntil(b"a picture"):
        status, body = next(ANSWERS)
        if not status:
            return writer.close()
        writer.write(b"HTTP/1.1 %d -\\r\\nContent-Length: %d\\r\\n\\r\\n%b" % (status, len(body), body))
async def main():
    await (await asyncio.start_server(answer, "127.0.0.1", int(sys.argv[1]))).serve_forever()
asyncio.run(main())
"""
"""A server that answers rightly, wrongly, with a refusal, and not at all, in turn."""


def test_every_benchmark_says_what_it_does(trained: Project) -> None:
    helpers = {"load.py", "throttled.py", "__main__.py"}  # run as processes, and runs the others: they measure nothing
    paths = [path for path in Path("benchmarks").glob("*.py") if path.name not in helpers]
    scripts = sorted(f"benchmarks.{path.stem}" for path in paths if "__main__" in path.read_text())
    told = trained.run("python", "-c", HELP, *scripts).split("usage: ")[1:]
    assert len(told) == len(scripts) > 15
    assert [said.split()[0] for said in told if "--json" not in said or "--quick" not in said] == []


def test_a_missing_data_set_is_one_clear_line(trained: Project) -> None:
    said = trained.fail("python", "-m", "benchmarks.train_gpu", "--data", "nowhere")
    assert said == "nowhere: no prepared data set; copy it here, or make it: dvc repro prepare@garments\n"


@pytest.fixture
def moody() -> Iterator[int]:
    """The port of a server that answers one of four requests rightly."""
    server = subprocess.Popen([sys.executable, "-c", MOODY, str(port := free_port())], stderr=subprocess.DEVNULL)
    while load(_job(port, 0.05)).answered == 0:
        time.sleep(0.05)
    yield port
    end(server)


@pytest.mark.parametrize("rate", [None, 400.0])
def test_the_load_generator_counts_every_request_as_what_became_of_it(rate: float | None, moody: int) -> None:
    found = load(_job(moody, 0.5, rate))
    assert found.answered + found.lost == found.asked > 40
    assert set(found.statuses) == {"200", "429"}
    quarter = found.asked / 4
    assert found.statuses["200"] == found.good == pytest.approx(2 * quarter, abs=4)
    assert found.wrong == pytest.approx(quarter, abs=4)
    assert found.lost == pytest.approx(quarter, abs=4)
    assert found.errors == found.asked - found.statuses["200"] + found.wrong
    assert 0 < found.p50_ms <= found.p99_ms
    if rate:
        assert found.asked == pytest.approx(0.5 * rate, rel=0.4)


@pytest.mark.parametrize("rate", [None, 100.0])
def test_where_nobody_listens_every_request_is_lost(rate: float | None) -> None:
    found = load(_job(free_port(), 0.3, rate))
    assert found.lost == found.asked > 0
    assert found.answered == found.good == 0


def _job(port: int, seconds: float, rate: float | None = None) -> Job:
    request = post(b"a picture", "image/png").decode("latin-1")
    return Job(port, [request], ["a"], seconds, connections=4, rate=rate, patience=5.0)


def test_a_peer_that_is_not_there_is_one_clear_line(trained: Project) -> None:
    said = trained.fail(
        sys.executable, "-m", "benchmarks.serving", "--bundle", "artifacts/digits/bundle", "--only", "ours-9"
    )
    assert said.startswith("ours-9: no such arm; there are in-process, bare-1,")
