import asyncio
import gc
import threading
import time
import weakref
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

import numpy as np
import pytest

from components.config.errors import BadRequest
from components.inference.bundle import Scored
from components.inference.engine.batched_reader import BatchedReader
from components.inference.engine.batcher import INLINE
from components.inference.engine.engine import Engine, Late
from components.inference.engine.model import Model, Pace
from components.inference.engine.prediction import Prediction
from components.prediction_log.writer import LogError
from tests.unit.inference.conftest import picture

NewModel = Callable[..., Model]


def test_it_answers_as_the_model_does(new_model: NewModel) -> None:
    model = new_model()
    rows = [picture(grey) for grey in (0, 100, 255)]
    told = _with(model, lambda engine: engine.answer(rows, deadline=_soon()))
    assert list(told.answers) == list(model.answers(model.scored(model.read(rows))))
    assert [answer.label for answer in told.answers] == ["dark", "bright", "bright"]


@pytest.mark.parametrize("batch", [1, 4])
@pytest.mark.parametrize("rows", [1, 3, 40], ids=["one", "few", "beside"])
def test_it_says_what_the_answers_were_made_of(rows: int, batch: int, new_model: NewModel) -> None:
    """To the bit, of exactly these rows, also where others were run with them."""
    model = new_model("7")
    model.pace = Pace(single=1e-4, batch=batch, batched=1e-5)
    asked = [[picture((7 * number + 50 * who) % 256) for number in range(rows)] for who in range(3)]

    async def together(engine: Engine) -> Any:
        return await asyncio.gather(*(engine.answer(some, deadline=_soon()) for some in asked))

    for some, found in zip(asked, _with(model, together), strict=True):
        assert found.version == "7"
        np.testing.assert_array_equal(found.examples, model.read(some))
        assert found.outputs.shape == (rows, 2)
        assert list(found.answers) == list(model.answers(Scored(found.outputs, None)))
        np.testing.assert_allclose(found.outputs, model.outputs(found.examples), atol=1e-6)


@pytest.mark.parametrize(("batch", "runs"), [(1, [1] * 8), (4, [4, 4])])
def test_what_comes_in_one_turn_goes_together_only_where_it_pays(
    batch: int, runs: list[int], new_model: NewModel
) -> None:
    model, sizes = new_model(), list[int]()
    model.pace = Pace(single=1e-4, batch=batch, batched=1e-5)

    async def eight(engine: Engine) -> None:
        engine.ran = sizes.append
        rows = [[picture(30 * number)] for number in range(8)]
        told = await asyncio.gather(*(engine.answer(row, deadline=_soon()) for row in rows))
        assert [found.answers[0] for found in told] == [model.answers(model.scored(model.read(row)))[0] for row in rows]

    _with(model, eight)
    assert sizes == runs


def test_a_lone_request_waits_for_nobody(new_model: NewModel) -> None:
    model, turns = new_model(), 0
    model.pace = Pace(single=1e-4, batch=32, batched=1e-5)

    async def lone(engine: Engine) -> None:
        nonlocal turns
        asked = asyncio.ensure_future(engine.answer([picture(0)], deadline=_soon()))
        while not asked.done():
            await asyncio.sleep(0)
            turns += 1

    _with(model, lone)
    assert turns <= 4


def test_the_pace_is_measured_on_the_spot(new_model: NewModel) -> None:
    """A run of this model reads 16 MiB of weights: two examples at once take hardly longer than one."""
    pace = new_model(wide=2048).pace
    assert pace.batch >= 2
    assert pace.batched < 0.8 * pace.single


def test_a_slow_model_leaves_the_loop_to_others_and_gathers_while_it_runs(new_model: NewModel) -> None:
    model, sizes, turns = new_model(wide=2048, deep=20), list[int](), 0
    assert model.pace.single > INLINE
    model.pace = Pace(model.pace.single, batch=8, batched=0.0)

    async def seven(engine: Engine) -> None:
        nonlocal turns
        engine.ran = sizes.append
        first = asyncio.ensure_future(engine.answer([picture(0)], deadline=_soon()))
        while not sizes:
            await asyncio.sleep(0)
        others = [asyncio.ensure_future(engine.answer([picture(9)], deadline=_soon())) for _ in range(6)]
        while not first.done():
            await asyncio.sleep(0.001)
            turns += 1
        await asyncio.gather(*others)

    _with(model, seven)
    assert sizes == [1, 6]
    assert turns > 3


def test_what_is_late_is_not_run(new_model: NewModel) -> None:
    sizes = list[int]()

    async def late(engine: Engine) -> None:
        engine.ran = sizes.append
        with pytest.raises(Late):
            await engine.answer([picture(0)], deadline=time.monotonic() - 0.001)

    _with(new_model(), late)
    assert sizes == []


@pytest.mark.slow
@pytest.mark.parametrize("rows", [1, 40], ids=["queued", "beside"])
def test_given_up_it_frees_the_model(rows: int, new_model: NewModel, monkeypatch: pytest.MonkeyPatch) -> None:
    model, runs = new_model(wide=1024, deep=3000), list[str]()
    compute = model.scored

    def watched(*arguments: Any) -> Any:
        runs.append("begun")
        try:
            result = compute(*arguments)
        except Exception:
            runs.append("ended early")
            raise
        runs.append("ended")
        return result

    monkeypatch.setattr(model, "scored", watched)

    async def give_up(engine: Engine) -> None:
        asked = asyncio.ensure_future(engine.answer([picture(0)] * rows, deadline=_soon()))
        while not runs:
            await asyncio.sleep(0.001)
        asked.cancel()
        while engine._current._users:
            await asyncio.sleep(0.005)

    _with(model, give_up)
    assert runs == ["begun", "ended early"]


def test_a_swap_is_for_those_who_come_after(new_model: NewModel) -> None:
    old, new = new_model("1", wide=2048, deep=10), new_model("2")
    watched = weakref.ref(old)

    async def swap(engine: Engine) -> list[str]:
        begun = [asyncio.ensure_future(engine.answer([picture(200)], deadline=_soon())) for _ in range(3)]
        await asyncio.sleep(0)
        engine.swap(new)
        after = await engine.answer([picture(200)], deadline=_soon())
        assert watched() is not None
        found = [*await asyncio.gather(*begun), after]
        told = [answer for each in found for answer in each.answers]
        assert [answer.model_version for answer in told] == [each.version for each in found]
        assert told[0].probability < told[-1].probability
        return [answer.model_version for answer in told]

    run = _with(old, swap)
    del old
    assert run == ["1", "1", "1", "2"]
    gc.collect()
    assert watched() is None


def test_a_bad_row_is_its_senders_trouble_alone(new_model: NewModel) -> None:
    model = new_model()
    model.pace = Pace(1e-4, 8, 1e-5)

    async def three(engine: Engine) -> list[Any]:
        rows = [picture(1), {"picture": b"no picture"}, picture(2)]
        return await asyncio.gather(*(engine.answer([row], deadline=_soon()) for row in rows), return_exceptions=True)

    first, bad, last = _with(model, three)
    assert isinstance(bad, BadRequest)
    assert first.answers[0].label == last.answers[0].label == "bright"


@pytest.mark.parametrize("runs_in", ["the loop", "a thread"])
def test_what_cannot_be_finished_is_its_askers_trouble_alone(runs_in: str, new_model: NewModel) -> None:
    """One of a batch whose answer cannot be logged, as on a full disk: the others of the batch get theirs."""
    model, sizes = new_model(), list[int]()
    model.pace = Pace(single=1e-4 if runs_in == "the loop" else 2 * INLINE, batch=8, batched=1e-5)

    def finish(number: int, found: Prediction) -> str:
        if number == 2:
            raise LogError("the disk is full")
        return f"{number}: {found.answers[0].label}"  # type: ignore[attr-defined]

    async def together(engine: Engine) -> Any:
        engine.ran = sizes.append
        rows = [picture(255 if number > 2 else 0) for number in range(5)]
        asked = (engine.finished([row], partial(finish, number), deadline=_soon()) for number, row in enumerate(rows))
        return await asyncio.gather(*asked, return_exceptions=True)

    found = _with(model, together)
    assert sizes == [5]  # all of them in one run
    assert isinstance(found.pop(2), LogError)
    assert found == ["0: dark", "1: dark", "3: bright", "4: bright"]


def test_rows_are_read_together_while_others_are_being_read() -> None:
    goes, begun, go_on = list[int](), threading.Event(), threading.Event()

    def read(rows: Any) -> Any:
        begun.set()
        go_on.wait(60)
        goes.append(len(rows))
        if "bad" in rows:
            raise BadRequest("bad")
        return np.array(rows)

    async def gather() -> list[Any]:
        reader = BatchedReader(read, lambda _: None)
        asked = [asyncio.ensure_future(reader.read(rows)) for rows in (["a"], ["b", "c"])]
        while not begun.is_set():
            await asyncio.sleep(0)
        asked += [asyncio.ensure_future(reader.read(rows)) for rows in (["d"], ["bad"], ["never"], ["e"])]
        await asyncio.sleep(0)
        asked[4].cancel()
        go_on.set()
        return await asyncio.gather(*asked, return_exceptions=True)

    a, bc, d, bad, never, e = asyncio.run(gather())
    assert (a.tolist(), bc.tolist(), d.tolist(), e.tolist()) == (["a"], ["b", "c"], ["d"], ["e"])
    assert isinstance(bad, BadRequest)
    assert isinstance(never, asyncio.CancelledError)
    assert goes == [3, 3, 1, 1, 1]


def _soon() -> float:
    return time.monotonic() + 60


def _with(model: Model, work: Callable[[Engine], Coroutine[Any, Any, Any]]) -> Any:
    async def run() -> Any:
        engine = Engine()
        engine.swap(model)
        try:
            return await work(engine)
        finally:
            engine.close()

    return asyncio.run(run())
