import asyncio
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from components.inference.engine import shadow as shadows
from components.inference.engine.engine import Engine
from components.inference.engine.guard import Guard
from components.inference.engine.model import Model
from components.inference.engine.shadow import Shadow
from components.inference.engine.trial import Trial
from tests.unit.inference.conftest import picture
from tests.unit.inference.engine.running import soon, with_engine

NewModel = Callable[..., Model]
ROWS = [picture(grey) for grey in (0, 40, 255)]


@pytest.fixture(autouse=True)
def every_request_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shadows.random, "random", lambda: 0.0)
    monkeypatch.setattr(shadows, "_SETTLING", 0.0)


def test_both_are_timed_on_what_was_answered_and_answers_are_the_same_to_the_bit(new_model: NewModel) -> None:
    async def ask(engine: Engine) -> None:
        alone = await engine.answer(ROWS, deadline=soon())
        told: list[tuple[str, float, float]] = []
        shadow = begin(engine, new_model("2"))
        shadow.told = lambda *what: told.append(what)
        for number in range(1, 6):
            found = await engine.answer(ROWS, deadline=soon())
            assert found.version == "1"
            assert found.answers == alone.answers
            assert found.outputs.tobytes() == alone.outputs.tobytes()
            await measured(shadow, found.examples, number)
        runs, slow, examples, seconds, champion_seconds = shadow.measured
        assert (runs, slow, examples) == (5, 0, 15)
        assert [version for version, *_ in told] == ["2"] * 5
        assert sum(own for _, own, _ in told) * 3 == pytest.approx(seconds)
        assert sum(its for *_, its in told) * 3 == pytest.approx(champion_seconds)
        assert min(own for _, own, _ in told) > 0

    with_engine(new_model(), ask)


def test_it_is_as_fast_as_itself_and_a_large_one_takes_its_time(new_model: NewModel) -> None:
    async def ask(engine: Engine) -> None:
        examples = engine.model.read(ROWS)
        for version, fewest, most in (("1", 0.2, 5.0), ("2", 5.0, 1e6)):
            shadow = begin(engine, new_model(version, wide=0 if version == "1" else 400, deep=20))
            for number in range(1, 10):
                await measured(shadow, examples, number)
            assert fewest < shadow.measured.seconds / shadow.measured.champion_seconds < most

    with_engine(new_model(), ask)


def test_nothing_is_measured_while_anybody_waits(new_model: NewModel) -> None:
    async def ask(engine: Engine) -> None:
        shadow, examples = begin(engine, new_model("2")), engine.model.read(ROWS)
        with engine._current:
            for _ in range(5):
                shadow.answered(examples)
                await asyncio.sleep(0.01)
            assert shadow.measured.runs == 0
        await measured(shadow, examples, 1)  # what was chosen meanwhile: one request, not five
        await asyncio.sleep(0.01)
        assert shadow.measured.runs == 1

    with_engine(new_model(), ask)


def test_a_share_is_measured(new_model: NewModel, monkeypatch: pytest.MonkeyPatch) -> None:
    async def ask(engine: Engine) -> None:
        shadow, examples = begin(engine, new_model("2")), engine.model.read(ROWS)
        for drawn in (0.011, 0.5, 0.999):
            monkeypatch.setattr(shadows.random, "random", lambda drawn=drawn: drawn)
            shadow.answered(examples)
        await asyncio.sleep(0.02)
        assert shadow.measured.runs == 0
        monkeypatch.setattr(shadows.random, "random", lambda: 0.009)
        await measured(shadow, np.repeat(examples, 100, axis=0), 1)
        assert shadow.measured.examples == 64  # a large batch would take long

    with_engine(new_model(), ask)


@pytest.mark.parametrize("wrong", ["raises", "no numbers", "no end"])
def test_whatever_goes_wrong_is_no_callers_and_the_third_time_ends_it(
    wrong: str, new_model: NewModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended: list[str] = []

    async def ask(engine: Engine) -> None:
        engine.shadow_ended = lambda shadow, why: ended.append(why)
        bad = new_model("nan" if wrong == "no numbers" else "2", **({"wide": 800, "deep": 400} if endless else {}))
        if wrong == "raises":
            bad._bundle.runner._input = "no such input"
        shadow, failed = begin(engine, bad), list[str]()
        shadow.failed = failed.append
        for number in range(1, 4):
            found = await engine.answer(ROWS, deadline=soon())
            shadow.answered(found.examples)
            await until(lambda number=number: len(failed) == number)
        assert engine.shadow is None
        assert shadow.measured.runs == 0
        shadow.answered(found.examples)  # of a request that began before
        assert (await engine.answer(ROWS, deadline=soon())).version == "1"

    endless = wrong == "no end"
    if endless:
        monkeypatch.setattr(shadows, "_PATIENCE", 0.01)
    with_engine(new_model(), ask)
    (why,) = ended
    assert why.startswith("3 of its last 3 answers failed, lastly: ")
    assert {"raises": "no such input", "no numbers": "its outputs are no numbers", "no end": "erminat"}[wrong] in why


def test_a_slow_one_is_stopped(new_model: NewModel) -> None:
    ended: list[str] = []

    async def ask(engine: Engine) -> int:
        engine.shadow_ended = lambda shadow, why: ended.append(why)
        shadow = begin(engine, new_model("2", wide=600, deep=30), milliseconds=0.1)
        examples = engine.model.read(ROWS[:1])
        for number in range(1, 30):
            await measured(shadow, examples, number)
            if engine.shadow is None:
                return shadow.measured.slow
        return 0

    assert 18 <= with_engine(new_model(), ask) <= 20
    assert "ms of a processor, the limit is" in ended[0]


def test_it_ends_with_the_champion_beside_which_it_is_measured(new_model: NewModel) -> None:
    async def ask(engine: Engine) -> None:
        shadow, examples = begin(engine, new_model("2")), engine.model.read(ROWS)
        engine.swap(new_model("1", wide=4))  # the same version again: beside that it goes on
        await measured(shadow, examples, 1)
        shadow.answered(examples)
        engine.swap(new_model("3"))
        assert engine.shadow is None
        await asyncio.sleep(0.02)
        assert shadow.measured.runs == 1
        assert not engine.begin_shadow(trial("2"), new_model("2"))
        assert engine.shadow is None

    with_engine(new_model(), ask)


def test_beside_a_canary_another_version_is_measured(new_model: NewModel) -> None:
    async def ask(engine: Engine) -> None:
        shadow = begin(engine, new_model("2"))
        said = Trial(id="c" * 32, version="4", against="1", share=0.5, latency=2.0, milliseconds=1e4)
        assert engine.begin_canary(said, new_model("4"))
        assert engine.canary
        examples = engine.model.read(ROWS)
        with engine.canary.batcher:
            shadow.answered(examples)
            await asyncio.sleep(0.02)
            assert shadow.measured.runs == 0
        parts = await engine.split(engine.canary, ROWS, [1], deadline=soon())
        assert {part.found.version for part in parts} == {"1", "4"}
        await measured(shadow, examples, 1)
        engine.end_canary()
        assert engine.shadow is shadow

    with_engine(new_model(), ask)


def test_each_run_is_held_against_the_champions_beside_it() -> None:
    guard = Guard(0.0, latency=2.0, milliseconds=0.0)
    for number in range(200):
        busy = 10.0 if number % 3 == 0 else 1.0  # a machine that is slow now and then is so for both
        assert not guard.measured(0.0019 * busy, 0.001 * busy)
    assert not guard.stopped
    slow = [guard.measured(0.0021, 0.001) for _ in range(17)]
    assert slow == [True] * 17
    assert not guard.stopped
    guard.measured(0.0021, 0.001)
    assert guard.stopped == "an example takes 2.1 ms of a processor, the limit is 2 ms"


def begin(engine: Engine, model: Model, milliseconds: float = 1e4) -> Shadow:
    assert engine.begin_shadow(trial(model.version, milliseconds), model)
    assert engine.shadow
    return engine.shadow


def trial(version: str, milliseconds: float = 1e4) -> Trial:
    return Trial(id="5" * 32, version=version, against="1", share=0.01, latency=2.0, milliseconds=milliseconds)


async def measured(shadow: Shadow, examples: Any, runs: int) -> None:
    shadow.answered(examples)
    await until(lambda: shadow.measured.runs == runs)


async def until(condition: Callable[[], bool]) -> None:
    given_up = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < given_up
        await asyncio.sleep(0.001)
