"""The endpoint's way into the prediction log: what is answered is there before, to the bit."""

import asyncio
import json
import resource
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from components.config.errors import EndpointError
from components.inference.engine.engine import Engine
from components.inference.engine.model import Model
from components.inference.gateway.answer_log import AnswerLog
from components.inference.gateway.app import Gateway
from components.inference.gateway.cells import Cells
from components.inference.gateway.group_commit import GroupCommit
from components.inference.gateway.labelling import labelling, one_or_more
from components.inference.gateway.metrics import Metrics
from components.inference.gateway.operations import LABELS, PREDICT, answering, prediction
from components.inference.gateway.policies import Policies
from components.inference.gateway.request.parser import RequestParser
from components.inference.gateway.sampling import Sampling
from components.inference.options import Options
from components.kinds.image import codec
from components.prediction_log.description import Description
from components.prediction_log.event_id import EventIds, as_text
from components.prediction_log.identities import Identities
from components.prediction_log.record import Answered, Labelled, Record, Refused, decode
from components.prediction_log.segment import SIZE, payloads
from tests.unit.inference.conftest import SIDE, picture

NewModel = Callable[..., Model]
SHADES = Description(workload="shades", kind="image", task="classification")
WHITE = picture(255)["picture"]


class Endpoint:
    """A gateway with a log in `folder`."""

    def __init__(self, model: Model, folder: Path, **options: Any) -> None:
        self.folder, self.model, settings = folder / "shades", model, Options(**options)
        self.metrics, self.engine = Metrics(Cells.private()), Engine()
        self.log = AnswerLog(settings, self.metrics)
        self.log.open(self.folder, SHADES)
        self.engine.swap(model)
        parser = RequestParser(codec.Request, codec.rows)
        labels = RequestParser(codec.labelled({}), one_or_more)
        operations = {
            PREDICT: prediction(self.engine, parser, answering(self.engine, True, log=self.log, upload=codec.upload)),
            LABELS: labelling(self.engine, labels, self.log),
        }
        policies = Policies(guards=(self.metrics.guard,), observers=(self.log.observe, self.metrics.observe))
        self.gateway = Gateway(None, self.engine, operations, settings, policies, 10**6)
        self.began: Callable[[], None] = lambda: None
        """Is called when an answer begins to be sent."""

    async def ask(self, path: str, body: bytes, **headers: str) -> tuple[int, dict[bytes, bytes], bytes]:
        """Return status, headers and body of the answer."""
        sent = [(b"content-length", str(len(body)).encode())]
        sent += [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
        answer: dict[str, Any] = {"body": b""}
        received: list[bytes] = []

        async def receive() -> dict[str, Any]:
            if received:
                await asyncio.Event().wait()  # nobody leaves
            received.append(body)
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Any) -> None:
            if message["type"] == "http.response.start":
                self.began()
                answer.update(status=message["status"], headers=dict(message["headers"]))
            answer["body"] += message.get("body", b"")

        scope = {"type": "http", "method": "POST", "path": path, "headers": sent, "query_string": b"", "root_path": ""}
        await self.gateway(scope, receive, send)
        return answer["status"], answer["headers"], answer["body"]

    def records(self) -> list[Record]:
        """Return what is in the log."""
        segments = sorted((self.folder / "wal").glob("*.seg"))
        return [decode(payload) for segment in segments for _, payload in payloads(segment)]

    def counted(self, name: str) -> int:
        """Return a counter of `/metrics`."""
        lines = self.metrics.exposition().decode().splitlines()
        return sum(int(line.rpartition(" ")[2]) for line in lines if line.startswith(f"journeyman_log_{name}_total "))


@pytest.fixture
def full_disk() -> Iterator[Callable[[bool], None]]:
    """Have no file of this process be larger than half a segment: as if the disk were full; or let it."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)

    def fill(full: bool) -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (SIZE // 2 if full else before[0], before[1]))

    yield fill
    fill(False)


def test_an_answer_is_in_the_log_to_the_bit_before_it_is_sent(new_model: NewModel, tmp_path: Path) -> None:
    endpoint, before = Endpoint(new_model("3"), tmp_path), list[Record]()
    endpoint.began = lambda: before.extend(endpoint.records())
    status, headers, body = asyncio.run(endpoint.ask("/predict", WHITE, x_request_id="mine"))
    (kept,) = before
    assert isinstance(kept, Answered)
    assert (status, kept.answers) == (200, [body])
    assert list(json.loads(body)) == ["label", "probability", "probabilities", "model_version", "id"]
    assert json.loads(body)["id"].encode() == headers[b"x-prediction-id"] == as_text(kept.identity).encode()
    assert (kept.version, kept.request_id, kept.origin, kept.route) == ("3", "mine", "caller", "predict")
    np.testing.assert_array_equal(kept.examples, endpoint.model.read([{"picture": WHITE}]))
    np.testing.assert_array_equal(kept.outputs, endpoint.model.outputs(kept.examples))
    assert [json.loads(said) for said in kept.records] == [
        {"format": "PNG", "width": SIDE, "height": SIDE, "bytes": len(WHITE)}
    ]
    assert b'journeyman_uploads_total{format="PNG"} 1\n' in endpoint.metrics.exposition()
    assert abs(kept.time_us / 1e6 - time.time()) < 60
    assert endpoint.counted("rows") == 1


@pytest.mark.parametrize(
    ("said", "origin"), [("page", "page"), ("smoke", "smoke"), ("caller", "caller"), ("x", "caller")]
)
def test_who_asks_is_told_apart(said: str, origin: str, new_model: NewModel, tmp_path: Path) -> None:
    endpoint = Endpoint(new_model(), tmp_path)
    asyncio.run(endpoint.ask("/predict", WHITE, x_journeyman_origin=said))
    (kept,) = endpoint.records()
    assert isinstance(kept, Answered)
    assert kept.origin == origin


def test_refusals_are_counted_into_the_log_once_a_second(new_model: NewModel, tmp_path: Path) -> None:
    endpoint = Endpoint(new_model(), tmp_path)

    async def refused() -> None:
        for _ in range(5):
            assert (await endpoint.ask("/predict", b"no picture"))[0] == 400
        endpoint.log.shed()
        assert endpoint.records() == []
        endpoint.log.begin()
        while not endpoint.records():
            await asyncio.sleep(0.05)

    asyncio.run(refused())
    (counts,) = endpoint.records()
    assert isinstance(counts, Refused)
    assert counts.counts == {"invalid": 5, "busy": 1}


def test_a_full_disk_is_answered_without_ids_and_counted(
    new_model: NewModel, tmp_path: Path, full_disk: Callable[[bool], None]
) -> None:
    endpoint = Endpoint(new_model(), tmp_path)
    full_disk(True)
    status, headers, body = asyncio.run(endpoint.ask("/predict", WHITE))
    assert (status, b"x-prediction-id" in headers, "id" in json.loads(body)) == (200, False, False)
    assert (endpoint.counted("rows"), endpoint.counted("lost_rows")) == (0, 1)
    label = b'{"request_id": "mine", "label": "bright"}'
    assert asyncio.run(endpoint.ask("/labels", label))[0] == 503


def test_where_the_log_is_required_a_full_disk_is_503(
    new_model: NewModel, tmp_path: Path, full_disk: Callable[[bool], None]
) -> None:
    endpoint = Endpoint(new_model(), tmp_path, log="required")
    full_disk(True)
    status, _, body = asyncio.run(endpoint.ask("/predict", WHITE))
    assert status == 503
    assert "the prediction log cannot be written" in json.loads(body)["error"]


def test_a_folder_that_cannot_be_written_is_said_once_and_tried_again(
    new_model: NewModel, tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "shades").write_text("no folder")
    endpoint = Endpoint(new_model(), tmp_path)
    assert asyncio.run(endpoint.ask("/predict", WHITE))[0] == 200
    assert endpoint.counted("lost_rows") == 1
    (tmp_path / "shades").unlink()
    monkeypatch.setattr("components.inference.gateway.answer_log._PAUSE", 0.0)

    async def later() -> None:
        endpoint.log._tick()
        endpoint.log._again = 0.0
        endpoint.log._tick()
        await endpoint.ask("/predict", WHITE)

    asyncio.run(later())
    assert endpoint.counted("rows") == 1
    assert [record.getMessage() for record in caplog.records if "not logged" in record.getMessage()] != []
    with pytest.raises(EndpointError, match=r"JOURNEYMAN_LOG=best answers all the same"):
        (tmp_path / "b").mkdir()
        (tmp_path / "b" / "shades").write_text("no folder")
        Endpoint(endpoint.model, tmp_path / "b", log="required")


def test_labels_are_recorded_by_any_id(new_model: NewModel, tmp_path: Path) -> None:
    endpoint = Endpoint(new_model(), tmp_path)

    async def told() -> list[tuple[int, bytes]]:
        _, headers, _ = await endpoint.ask("/predict", WHITE, x_request_id="mine")
        event = headers[b"x-prediction-id"].decode()
        bodies = [
            {"id": event, "label": "bright"},
            [{"request_id": "mine", "label": "dark", "time": "2026-01-01T00:00:00Z", "source": "audit", "share": 0.5}],
            [{"id": event, "label": "bright"}, {"id": event, "label": "brigt"}],
        ]
        answers = [await endpoint.ask("/labels", json.dumps(body).encode()) for body in bodies]
        return [(status, body) for status, _, body in answers]

    one, many, wrong = asyncio.run(told())
    assert one == many == (200, b'{"recorded":1,"known":0}')
    assert wrong[0] == 400
    assert json.loads(wrong[1])["error"] == (
        "1.label: 'brigt' is no class of the version at work; known are dark, bright; did you mean 'bright'?"
    )
    kept = [label for record in endpoint.records() if isinstance(record, Labelled) for label in record.labels]
    assert [(label.value, label.request_id, label.source, label.share) for label in kept] == [
        ("bright", None, "caller", None),
        ("dark", "mine", "audit", 0.5),
    ]
    assert kept[1].time_us == 1_767_225_600_000_000
    assert endpoint.counted("labels") == 2


def test_many_who_wait_for_the_disk_wait_for_few_flushes() -> None:
    flushes, written, seen = list[int](), 0, list[int]()

    def flush() -> None:
        flushes.append(written)
        time.sleep(0.02)

    async def many() -> None:
        nonlocal written
        commit = GroupCommit(flush)

        async def one(number: int) -> None:
            nonlocal written
            await asyncio.sleep(0.0005 * number)
            written += 1
            mine = written
            await commit.flushed()
            seen.append(max(flushes) - mine)

        await asyncio.gather(*(one(number) for number in range(100)))
        commit.close()

    asyncio.run(many())
    assert min(seen) >= 0
    assert len(flushes) < 20


def test_a_flush_that_fails_is_told_to_all_who_wait_for_it() -> None:
    def flush() -> None:
        raise OSError(5, "Input/output error")

    async def two() -> list[Any]:
        commit = GroupCommit(flush)
        waiting: list[Awaitable[None]] = [commit.flushed(), commit.flushed()]
        return await asyncio.gather(*waiting, return_exceptions=True)

    assert [type(error) for error in asyncio.run(two())] == [OSError, OSError]


def test_always_on_the_disk_before_it_is_sent(new_model: NewModel, tmp_path: Path) -> None:
    endpoint, flushed = Endpoint(new_model(), tmp_path, log_sync="always"), list[str]()
    assert endpoint.log._writer
    flush = endpoint.log._writer.flush
    endpoint.log._writer.flush = lambda: (flush(), flushed.append("flushed"))[1]  # type: ignore[method-assign]
    endpoint.began = lambda: flushed.append("sent")
    asyncio.run(endpoint.ask("/predict", WHITE))
    assert flushed == ["flushed", "sent"]


def test_of_an_entity_all_rows_are_kept_or_none(tmp_path: Path) -> None:
    description = Description(workload="w", kind="table", task="detection", entities=("card",))
    sampling, ids = Sampling(0.3, Identities(tmp_path), description), EventIds()
    cards = [f"c{number % 200}" for number in range(1_000)] + [None] * 1_000
    nothing = np.zeros((len(cards), 1), np.float32)
    records = [json.dumps({"card": card}).encode() for card in cards]
    entry = Answered(ids.new(), 0, 0.0, "1", "r", nothing, nothing, [b"{}"] * len(cards), records)
    kept = sampling.kept(entry)
    assert kept
    named = [json.loads(record)["card"] for record in kept.records]
    assert 30 <= len({card for card in named if card}) <= 90
    assert all(named.count(card) == 5 for card in set(named) - {None})
    assert 200 <= named.count(None) <= 400
    again = sampling.kept(entry)
    assert again
    assert {json.loads(record)["card"] for record in again.records} - {None} == set(named) - {None}
