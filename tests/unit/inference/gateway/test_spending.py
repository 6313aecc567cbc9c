"""What a worker costs is divided among who asked for it, and none of it is lost."""

import asyncio
import time
from pathlib import Path

import pytest

from components.inference.gateway import spending as module
from components.inference.gateway.cells import Cells
from components.inference.gateway.metrics import Metrics
from components.inference.gateway.shares import IDLE, Asked, Shares
from components.inference.gateway.spending import START, Spending
from components.inference.gateway.stepped import Stepped
from components.ledger.line import Line, read
from tests.unit.inference.gateway.calls import call


def busy(seconds: float) -> None:
    until = time.thread_time() + seconds
    while time.thread_time() < until:
        pass


def test_a_second_without_requests_is_idling() -> None:
    shares = Shares()
    assert shares.divided(0.02, 1.0, {}) == {(IDLE, ""): 0.02}
    found = shares.divided(0.5, 1.0, {("/predict", "3"): Asked(10, 1.0)})
    assert found == {("/predict", "3"): pytest.approx(0.48), (IDLE, ""): pytest.approx(0.02)}


def test_what_no_model_works_for_costs_what_its_steps_took_and_the_model_has_the_rest() -> None:
    shares = Shares()
    for seconds in (0.001, 0.003):
        shares.timed("/livez", seconds)
    asked = {("/livez", "3"): Asked(10, 0.1), ("/predict", "3"): Asked(5, 3.0), ("/explain", "3"): Asked(1, 1.0)}
    found = shares.divided(1.0, 1.0, asked)
    assert found[("/livez", "3")] == pytest.approx(0.02)
    assert found[("/predict", "3")] == pytest.approx(0.98 * 3 / 4)
    assert found[("/explain", "3")] == pytest.approx(0.98 / 4)
    assert sum(found.values()) == pytest.approx(1.0)


@pytest.mark.parametrize("route", ["/livez", "/predict"])
def test_nothing_is_lost_where_nothing_is_known(route: str) -> None:
    found = Shares().divided(1.0, 1.0, {(route, "3"): Asked(2, 0.0), ("/card", "3"): Asked(2, 0.0)})
    assert sum(found.values()) == pytest.approx(1.0)


def test_the_steps_of_a_request_are_timed_and_its_waiting_is_not() -> None:
    told: list[float] = []

    async def answer() -> None:
        busy(0.05)
        await asyncio.sleep(0.1)
        await asyncio.gather(asyncio.to_thread(busy, 0.1), asyncio.sleep(0))
        busy(0.05)

    async def run() -> None:
        await Stepped(answer(), told.append)

    asyncio.run(run())
    assert 0.1 <= told[0] < 0.19


def test_what_is_thrown_at_a_request_comes_through() -> None:
    told: list[float] = []
    cleaned: list[str] = []

    async def waits() -> None:
        try:
            await asyncio.sleep(600)
        except asyncio.CancelledError:
            cleaned.append("cancelled")
            raise

    async def fails() -> None:
        await asyncio.sleep(0)
        raise ZeroDivisionError

    async def stepped(coroutine: object) -> None:
        await Stepped(coroutine, told.append)  # type: ignore[arg-type]

    async def run() -> None:
        task = asyncio.create_task(stepped(waits()))
        await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        with pytest.raises(ZeroDivisionError):
            await stepped(fails())

    asyncio.run(run())
    assert cleaned == ["cancelled"]
    assert len(told) == 2


def test_an_hour_is_kept_by_route_and_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SECOND", 0.02)
    monkeypatch.setattr(module, "KEPT", 0.05)
    metrics, where = Metrics(Cells.private()), tmp_path / "ledger" / "digits"
    metrics.serves("3")
    spending = Spending(metrics, where)

    async def answer(path: str, seconds: float) -> None:
        asked = call(path)

        async def answering() -> None:
            busy(seconds)
            asked.seconds, asked.sent = seconds, 10
            spending.observe(asked)

        await spending.around(asked, answering())

    async def run() -> None:
        spending.start(asyncio.get_running_loop())
        await asyncio.sleep(0.1)
        before = module._cpu()
        for _ in range(3):
            await answer("/predict", 0.1)
            await answer("/livez", 0.02)
            await asyncio.sleep(0.05)
        while not any(line.route == "/predict" for line in read(where)[0]):
            await asyncio.sleep(0.02)
        assert {line.ended for line in read(where)[0]} == {"running"}
        spending.stop()
        used.append(module._cpu() - before)

    used: list[float] = []
    asyncio.run(run())
    by_route: dict[str, list[Line]] = {}
    for line in read(where)[0]:
        by_route.setdefault(line.route, []).append(line)
    total = {route: sum(line.cpu_seconds for line in lines) for route, lines in by_route.items()}
    assert set(by_route) == {"/predict", "/livez", IDLE, START}
    assert total["/predict"] > total["/livez"] > 0.01
    assert sum(total.values()) - total[START] >= used[0] - 0.001, "all of the process is somebody's"
    for route, requests in (("/predict", 3), ("/livez", 3), (IDLE, 0)):
        assert sum(line.requests for line in by_route[route]) == requests
        assert {(line.ended, line.version, line.workload) for line in by_route[route]} == {("done", "3", "digits")}
    assert sum(line.wall_seconds for line in by_route[IDLE]) > 0
    assert sum(line.sent_bytes for line in by_route["/predict"]) == 30
    shown = metrics.exposition().decode()
    assert 'journeyman_cpu_seconds_total{path="/predict",version="3"} 0.' in shown
    assert 'journeyman_energy_joules_total{path="idle",version="3",method="' in shown


def test_where_it_cannot_be_written_the_endpoint_goes_on(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "ledger").write_text("no folder")
    spending = Spending(Metrics(Cells.private()), tmp_path / "ledger" / "digits")

    async def run() -> None:
        spending.start(asyncio.get_running_loop())
        spending.stop()

    asyncio.run(run())
    assert "what the endpoint costs is not written down" in caplog.text
