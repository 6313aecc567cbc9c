"""Labels that come to the endpoint stop a canary that does harm, whoever has answered the rows."""

import asyncio
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from components.inference.engine.trial import Trial
from components.inference.reference import ReferenceArrays, write_reference
from tests.unit.inference.gateway.test_answer_log import WHITE, Endpoint, NewModel

ID = "0123456789abcdef" * 2


def begin(endpoint: Endpoint, new_model: NewModel, version: str, harm: float | None = 0.05) -> None:
    """Begin a canary; version -1 takes bright for dark, and all of both is known of a validation split."""
    model = new_model(version)
    nothing, labels = np.zeros((2, 2), np.float32), np.array([0, 1])
    for each in (model, endpoint.model):
        reference = ReferenceArrays({}, nothing, labels, None, np.zeros((2, 1), np.float16), 2, 0)
        write_reference(each._bundle.files, reference)
    trial = Trial(id=ID, version=version, against="1", share=0.5, latency=2.0, milliseconds=1e4, harm=harm)
    assert endpoint.engine.begin_canary(trial, model)


async def label(endpoint: Endpoint, count: int, said: str = "bright", **more: Any) -> set[str]:
    """Have so many white pictures answered, and say what they are; return who answered."""
    versions = set()
    for number in range(count):
        answer = json.loads((await endpoint.ask("/predict", WHITE, x_request_id=f"{number}"))[2])
        versions.add(answer["model_version"])
        told = json.dumps({"event_id": answer["id"], "label": said, **more}).encode()
        for _ in range(2):  # told twice, it counts once
            status, _, body = await endpoint.ask("/labels", told)
            assert (status, json.loads(body)["recorded"]) == (200, 1), body
    return versions


def test_labels_that_say_that_the_champion_is_better_stop_it_at_once(new_model: NewModel, tmp_path: Path) -> None:
    async def ask() -> None:
        endpoint, ended = Endpoint(new_model(), tmp_path), list[str]()
        endpoint.engine.canary_ended = lambda _, why: ended.append(why)
        begin(endpoint, new_model, "-1")
        assert await label(endpoint, 6) == {"1", "-1"}
        assert endpoint.engine.canary  # six are not enough
        await label(endpoint, 4)
        assert endpoint.engine.canary is None
        (why,) = ended
        assert why.startswith("harm: of ")
        assert why.endswith("labelled rows on which they differ, the champion is better on 7")

    asyncio.run(ask())


@pytest.mark.parametrize(
    ("version", "said", "harm", "more"),
    [
        ("-1", "bright", None, {}),
        ("-1", "dark", 0.05, {}),
        ("2", "dark", 0.05, {}),
        ("-1", "bright", 0.05, {"share": 0.1}),
    ],
    ids=["labels may change", "it is better", "both are wrong", "somebody asked"],
)
def test_other_labels_stop_nothing(
    version: str, said: str, harm: float | None, more: dict[str, Any], new_model: NewModel, tmp_path: Path
) -> None:
    async def ask() -> None:
        endpoint = Endpoint(new_model(), tmp_path)
        begin(endpoint, new_model, version, harm)
        await label(endpoint, 20, said, **more)
        assert endpoint.engine.canary

    asyncio.run(ask())
