import json
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

NOT_THERE = ("pydantic", "mlflow", "polars", "pyarrow", "sklearn", "safetensors", "psutil", "prefect", "dvc", "bentoml")
"""What a bare machine does not have: importing any of these fails."""
BARE = f"""
import runpy, sys
sys.modules.update(dict.fromkeys({NOT_THERE!r}))
sys.argv = sys.argv[1:]
runpy.run_module(sys.argv[0], run_name="__main__")
"""

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
    helpers = {"load.py", "screenshot.py"}  # run as processes, and measure nothing of their own
    paths = [path for path in Path("benchmarks").glob("*.py") if path.name not in helpers]
    scripts = sorted(f"benchmarks.{path.stem}" for path in paths if "__main__" in path.read_text())
    told = trained.run(sys.executable, "-c", HELP, *scripts).split("usage: ")[1:]
    assert len(told) == len(scripts) > 15
    assert [said.split()[0] for said in told if "--json" not in said or "--quick" not in said] == []


def test_training_is_measured_on_a_bare_machine_without_a_gpu(trained: Project) -> None:
    options = ("--quick", "--recipe", "quick", "--data", "artifacts/digits/prepared", "--json", "figures.json")
    said = trained.run(sys.executable, "-c", BARE, "benchmarks.train_gpu", *options)
    assert "pictures/s" in said
    figures = json.loads(Path("figures.json").read_text())
    assert figures["loop"]["epochs"] == 1
    assert 0 < figures["loop"]["accuracy"] < 1
    arms = {(arm["name"], arm["batch_size"]): arm for arm in figures["arms"]}
    assert len(arms) == len(figures["arms"]) == 10
    assert all(arm["pictures_s"] > 0 and arm["tflops"] > 0 for arm in figures["arms"])
    assert arms["fp32", 64]["flops_a_step"] == 2 * arms["bf16", 32]["flops_a_step"]
    assert {arm["mfu"] for arm in figures["arms"]} == {None}


def test_small_data_is_measured_as_the_recipe_says_and_fitted_to_its_size(trained: Project) -> None:
    said = trained.run(sys.executable, "-m", "benchmarks.small_data", "--quick", "--json", "figures.json")
    assert "digits-20" in said
    (run,) = json.loads(Path("figures.json").read_text())["runs"]
    assert (run["before"]["steps"], run["before"]["batch_size"]) == (5, 256)
    assert (run["fitted"]["steps"], run["fitted"]["batch_size"]) == (60, 16)
    assert run["fitted"]["accuracy"] > run["before"]["accuracy"] + 0.1


def test_a_missing_data_set_is_one_clear_line(trained: Project) -> None:
    said = trained.fail(sys.executable, "-m", "benchmarks.train_gpu", "--data", "nowhere")
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


def test_the_endpoint_and_its_peers_are_asked_about_the_same_pictures(trained: Project) -> None:
    names = ["in-process", "bare-1", "ours-1"]
    options = ("--bundle", "artifacts/digits/bundle", "--only", ",".join(names), "--connections", "1,8")
    said = trained.run(
        sys.executable,
        "-m",
        "benchmarks.serving",
        *options,
        "--rounds",
        "1",
        "--seconds",
        "0.3",
        "--json",
        "figures.json",
    )
    assert "ours-1, p50 of one connection" in said
    arms = json.loads(Path("figures.json").read_text())["arms"]
    assert list(arms) == names
    rows = [row for arm in arms.values() for rounds in arm.values() for row in rounds]
    assert len(rows) == 1 + 2 + 2
    assert all(row["errors"] == 0 and row["rate"] > 0 and 0 < row["p50_ms"] <= row["p99_ms"] for row in rows)


def test_a_peer_that_is_not_there_is_one_clear_line(trained: Project) -> None:
    said = trained.fail(
        sys.executable, "-m", "benchmarks.serving", "--bundle", "artifacts/digits/bundle", "--only", "ours-9"
    )
    assert said.startswith("ours-9: no such arm; there are in-process, bare-1,")


def test_overload_is_measured_beside_a_server_that_takes_everything_in(trained: Project) -> None:
    options = ("--bundle", "artifacts/digits/bundle", "--rounds", "1", "--seconds", "0.3", "--json", "figures.json")
    said = trained.run(sys.executable, "-m", "benchmarks.overload", *options)
    assert "least goodput from 1 times on" in said
    arms = json.loads(Path("figures.json").read_text())["arms"]
    for arm in arms.values():
        asked = {float(multiple): results[0]["asked"] for multiple, results in arm["loads"].items()}
        assert asked[5.0] > 2 * asked[1.0] > 2 * asked[0.5] > 0
        assert all(not results[0]["wrong"] for results in arm["loads"].values())
    assert not any(results[0]["lost"] for results in arms["ours-1"]["loads"].values())


def test_loadgen_asks_the_live_endpoint_and_keeps_its_logs(trained: Project) -> None:
    options = ("--quick", "--seconds", "0.2", "--bound-ms", "1000", "--json", "figures.json")
    said = trained.run(sys.executable, "-m", "benchmarks.loadgen", "digits", *options)
    assert "measured with LoadGen" in said
    figures = json.loads(Path("figures.json").read_text())
    assert set(figures["scenarios"]) == {"SingleStream", "MultiStream", "Offline", "Server"}
    for found in figures["scenarios"].values():
        assert found["samples_s"] > 0
        assert "Performance" in (Path(found["logs"]) / "mlperf_log_summary.txt").read_text()
    assert figures["scenarios"]["Server"]["valid"]
    assert figures["accuracy"]["errors"] == 0
    assert figures["accuracy"]["endpoint"] == pytest.approx(figures["accuracy"]["evaluate"], abs=1e-6)
    counted = json.loads(Path("state/loadgen/digits/accuracy/mlperf_log_accuracy.json").read_text())
    assert len(counted) == figures["accuracy"]["examples"]


def test_records_are_asked_about_in_lists(payments: Project) -> None:
    options = ("--quick", "--seconds", "0.2", "--bound-ms", "1000", "--json", "figures.json")
    payments.run(sys.executable, "-m", "benchmarks.loadgen", "payments", *options)
    figures = json.loads(Path("figures.json").read_text())
    assert figures["scenarios"]["Server"]["valid"]
    assert {found["errors"] for found in figures["scenarios"].values()} == {0}
    assert figures["accuracy"]["endpoint"] == pytest.approx(figures["accuracy"]["evaluate"], abs=1e-4)


def test_cold_start_memory_and_size_stand_beside_torch(trained: Project) -> None:
    trained.run(sys.executable, "-m", "benchmarks.footprint", "digits", "--quick", "--json", "figures.json")
    ours, torch = (json.loads(Path("figures.json").read_text())["arms"][name] for name in ("ours", "torch"))
    for figure in ("ready_s", "answered_s", "pss_mb", "packages_mb"):
        assert ours[figure][0] > 0
    assert ours["errors"] == torch["errors"] == [0]
    assert ours["back_s"][0] > 0
    assert ours["packages_mb"][0] < torch["packages_mb"][0]
    assert ours["pss_mb"][0] < torch["pss_mb"][0]
