"""A request of which a canary has a part: who answered what is said, logged and counted as it was."""

import asyncio
import json
from pathlib import Path

import numpy as np
import pytest

from components.inference.engine.engine import Engine
from components.inference.engine.trial import Trial
from components.inference.gateway.canaries import canary_cells
from components.inference.gateway.request.parser import Question
from components.inference.gateway.split_reply import split_reply
from components.prediction_log.reader import Log
from components.prediction_log.record import Answered
from tests.unit.inference.conftest import picture
from tests.unit.inference.gateway.calls import call
from tests.unit.inference.gateway.test_answer_log import WHITE, Endpoint, NewModel

ID = "0123456789abcdef" * 2


def begin(endpoint: Endpoint, new_model: NewModel, version: str = "2", share: float = 0.5) -> None:
    trial = Trial(id=ID, version=version, against="1", share=share, latency=2.0, milliseconds=1e4)
    assert endpoint.engine.begin_canary(trial, new_model(version))
    assert endpoint.engine.canary
    endpoint.engine.canary.told = endpoint.metrics.tried


def test_who_answers_is_sticky_and_named_in_answer_header_and_log(new_model: NewModel, tmp_path: Path) -> None:
    async def ask() -> dict[str, str]:
        endpoint, said = Endpoint(new_model(), tmp_path), dict[str, str]()
        begin(endpoint, new_model)
        for name in [f"request-{number}" for number in range(40)] * 2:
            status, headers, body = await endpoint.ask("/predict", WHITE, x_request_id=name)
            assert status == 200, body
            version = json.loads(body)["model_version"]
            assert (status, headers[b"x-model-version"].decode()) == (200, version)
            assert said.setdefault(name, version) == version
        logged = {record.request_id: record.version for record in endpoint.records() if isinstance(record, Answered)}
        assert logged == said
        assert canary_cells(endpoint.engine) == {'journeyman_canary_share\tversion="2"\t': 0.5}
        count = sum(version == "2" for version in said.values())
        text = endpoint.metrics.exposition().decode()
        assert f'journeyman_canary_requests_total{{version="2",outcome="answered"}} {2 * count}' in text
        return said

    assert set(asyncio.run(ask()).values()) == {"1", "2"}


@pytest.mark.parametrize("origin", ["page", "smoke"])
def test_the_page_and_the_flows_questions_are_the_champions(origin: str, new_model: NewModel, tmp_path: Path) -> None:
    async def ask() -> None:
        endpoint = Endpoint(new_model(), tmp_path)
        begin(endpoint, new_model)
        for number in range(20):
            body = (await endpoint.ask("/predict", WHITE, x_request_id=f"{number}", x_journeyman_origin=origin))[2]
            assert json.loads(body)["model_version"] == "1"

    asyncio.run(ask())


def test_a_canary_that_fails_is_logged_nowhere_and_costs_no_request(new_model: NewModel, tmp_path: Path) -> None:
    async def ask() -> None:
        endpoint = Endpoint(new_model(), tmp_path)
        begin(endpoint, new_model, "nan")
        for number in range(40):
            status, _, body = await endpoint.ask("/predict", WHITE, x_request_id=f"{number}")
            assert (status, json.loads(body)["model_version"]) == (200, "1")
        assert endpoint.engine.canary is None
        assert {record.version for record in endpoint.records() if isinstance(record, Answered)} == {"1"}
        text = endpoint.metrics.exposition().decode()
        assert 'journeyman_canary_requests_total{version="nan",outcome="failed"} 3' in text

    asyncio.run(ask())


def test_the_rows_of_one_request_are_logged_by_who_answered_them(new_model: NewModel, tmp_path: Path) -> None:
    rows = [picture(grey) for grey in (0, 60, 120, 255)]

    async def ask() -> bytes:
        endpoint = Endpoint(new_model(), tmp_path)
        begin(endpoint, new_model)
        engine: Engine = endpoint.engine
        assert engine.canary
        asked, it = Question(rows, True), call(x_request_id="mine")
        parts = await engine.split(engine.canary, rows, [1, 3], deadline=it.deadline)
        reply = await split_reply(it, asked, parts, engine, endpoint.log, True)
        assert dict(reply.headers)[b"x-model-version"] == b"2, 1"
        assert [(version, len(answers)) for version, answers in it.parts] == [("2", 2), ("1", 2)]
        endpoint.log.close()
        return reply.body

    sent = json.loads(asyncio.run(ask()))
    assert [answer["model_version"] for answer in sent] == ["1", "2", "1", "2"]
    batches = list(Log.open(tmp_path / "shades").answers(columns=["id", "version", "row", "answer", "outputs"]))
    logged = sorted((row for batch in batches for row in batch.to_pylist()), key=lambda row: row["row"])
    assert [row["row"] for row in logged] == [0, 1, 2, 3]
    assert [json.loads(row["answer"]) for row in logged] == sent
    assert [row["id"] for row in logged] == [answer["id"] for answer in sent]
    assert [row["version"] for row in logged] == ["1", "2", "1", "2"]
    np.testing.assert_allclose(logged[3]["outputs"], list(sent[3]["probabilities"].values()), atol=1e-6)
