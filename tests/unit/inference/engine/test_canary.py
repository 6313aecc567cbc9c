from collections import Counter
from collections.abc import Callable

import numpy as np
import pytest

from components.config.errors import BadRequest
from components.inference.engine import canary as canaries
from components.inference.engine.canary import Canary, in_order
from components.inference.engine.engine import Engine
from components.inference.engine.guard import Guard
from components.inference.engine.model import Model
from components.inference.engine.split import Split
from components.inference.engine.trial import Trial
from tests.unit.inference.conftest import picture
from tests.unit.inference.engine.running import soon, with_engine

NewModel = Callable[..., Model]
ID = "0123456789abcdef" * 2


def test_a_share_of_entities_is_chosen_and_each_always_the_same() -> None:
    split, other = Split(ID, 0.05, ["card", "id"]), Split(ID[::-1], 0.05, ["card", "id"])
    rows = [{"card": f"c{number % 4_000}", "id": number, "amount": number} for number in range(8_000)]
    chosen, again = split.rows(rows, "r"), split.rows(rows, "another request")
    assert chosen == again
    cards = {rows[number]["card"] for number in chosen}
    assert all((row["card"] in cards) == split.has(split.entity(row, "")) for row in rows)
    assert 140 < len(cards) < 260  # 200, and six deviations
    assert cards != {rows[number]["card"] for number in other.rows(rows, "r")}
    larger = {rows[number]["card"] for number in Split(ID, 0.2, ["card"]).rows(rows, "r")}
    assert cards < larger


def test_a_row_without_entity_goes_by_its_key_or_its_request() -> None:
    split = Split(ID, 0.5, ["card", "id"])
    assert split.entity({"card": None, "id": 7}, "r") == "id=7"
    assert split.entity({"card": "", "amount": 1}, "r") == "r"
    assert split.entity({"picture": b""}, "request") == "request"


def test_the_canary_answers_its_rows_and_the_champion_the_others(new_model: NewModel) -> None:
    rows = [picture(grey) for grey in (0, 40, 80, 200, 255)]

    async def ask(engine: Engine) -> None:
        canary = begin(engine, new_model("2"))
        for chosen in ([1, 3], [0, 1, 2, 3, 4], [2]):
            parts = await engine.split(canary, rows, chosen, deadline=soon())
            answers = in_order(parts)
            versions = ["2" if number in chosen else "1" for number in range(5)]
            assert [answer.model_version for answer in answers] == versions
            for part in parts:
                np.testing.assert_array_equal(part.found.examples, engine.model.read([rows[n] for n in part.rows]))
            expected = {model.version: model.answers(model.scored(model.read(rows))) for model in (new_model(), two)}
            assert answers == [expected[version][number] for number, version in enumerate(versions)]
        assert not canary.guard.stopped

    two = new_model("2")
    with_engine(new_model(), ask)


@pytest.mark.parametrize("rows", [1, 3, 40], ids=["one", "few", "beside"])
def test_whatever_goes_wrong_the_champion_answers_and_the_third_time_ends_it(rows: int, new_model: NewModel) -> None:
    asked = [picture(number % 256) for number in range(rows)]
    ended: list[tuple[str, str]] = []

    async def ask(engine: Engine) -> None:
        engine.canary_ended = lambda canary, why: ended.append((canary.trial.version, why))
        bad = new_model("2")
        bad._bundle = new_model("3", wide=8)._bundle  # a graph of another size
        bad._bundle.runner._input = "no such input"
        canary, told = begin(engine, bad), Counter[tuple[str, str]]()
        canary.told = lambda *what: told.update([what])
        for _ in range(3):
            assert engine.canary is canary
            (part,) = await engine.split(canary, asked, range(rows), deadline=soon())
            assert part.found.version == "1"
        assert engine.canary is None
        assert told == {("2", "failed"): 3}

    with_engine(new_model(), ask)
    ((version, why),) = ended
    assert version == "2"
    assert why.startswith("3 of its last 3 answers failed, lastly: ")
    assert "no such input" in why


def test_outputs_that_are_no_numbers_are_failures(new_model: NewModel) -> None:
    async def ask(engine: Engine) -> None:
        canary = begin(engine, new_model("nan"))
        (part,) = await engine.split(canary, [picture(9)], [0], deadline=soon())
        assert part.found.version == "1"
        assert np.isfinite(part.found.outputs).all()

    with_engine(new_model(), ask)


def test_one_that_comes_to_no_end_is_left_and_the_champion_answers_in_time(
    new_model: NewModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(canaries, "_PATIENCE", 0.00005)  # 3 ms of a minute

    async def ask(engine: Engine) -> None:
        canary = begin(engine, new_model("2", wide=1_000, deep=700))
        for _ in range(3):
            (part,) = await engine.split(canary, [picture(9)], [0], deadline=soon())
            assert part.found.version == "1"
        assert canary.guard.stopped.endswith("TimeoutError")
        assert engine.canary is None

    with_engine(new_model(), ask)


def test_a_slow_one_is_ended_though_it_answers(new_model: NewModel) -> None:
    async def ask(engine: Engine) -> int:
        canary = begin(engine, new_model("2", wide=600, deep=60), milliseconds=0.1)
        for asked in range(1, 100):
            (part,) = await engine.split(canary, [picture(9)], [0], deadline=soon())
            assert part.found.version == "2"
            if engine.canary is None:
                assert "ms of a processor, the limit is" in canary.guard.stopped
                return asked
        return 0

    assert 18 <= with_engine(new_model(), ask) <= 20


def test_a_row_that_nobody_can_read_is_its_senders_and_no_failure(new_model: NewModel) -> None:
    async def ask(engine: Engine) -> None:
        canary = begin(engine, new_model("2"))
        for _ in range(5):
            with pytest.raises(BadRequest):
                await engine.split(canary, [{"picture": b"junk"}], [0], deadline=soon())
        assert engine.canary is canary

    with_engine(new_model(), ask)


def test_it_ends_with_the_champion_beside_which_it_is_tried(new_model: NewModel) -> None:
    async def ask(engine: Engine) -> None:
        begin(engine, new_model("2"))
        engine.swap(new_model("1", wide=4))  # the same version again
        assert engine.canary
        engine.swap(new_model("3"))
        assert engine.canary is None
        assert not engine.begin_canary(trial("2"), new_model("2"))
        assert engine.canary is None

    with_engine(new_model(), ask)


def test_the_guard_lets_pass_what_is_within_the_limits() -> None:
    guard = Guard(pace=0.001, latency=2.0, milliseconds=5.0)
    for number in range(1_000):
        if number % 50 == 0:
            guard.failed("now and then")
        guard.answered()
        guard.canary_ran(1, 0.004)
        guard.champion_ran(1, 0.01 if number > 500 else 0.001)
    assert not guard.stopped
    for _ in range(40):
        guard.canary_ran(2, 0.03)  # of a champion that takes as long at work, twice as long is allowed
    assert not guard.stopped
    for _ in range(20):
        guard.canary_ran(1, 0.021)
    assert guard.stopped == "an example takes 21 ms of a processor, the limit is 20 ms"


def begin(engine: Engine, model: Model, **limits: float) -> Canary:
    assert engine.begin_canary(trial(model.version, **limits), model)
    assert engine.canary
    return engine.canary


def trial(version: str, milliseconds: float = 1e4) -> Trial:
    return Trial(id=ID, version=version, against="1", share=0.5, latency=2.0, milliseconds=milliseconds)
