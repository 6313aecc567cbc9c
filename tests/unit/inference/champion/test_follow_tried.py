import re
import shutil
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from weakref import WeakValueDictionary

import pytest

from components.config.errors import BundleError, PublishedError
from components.inference.bundle import read_about
from components.inference.champion import source
from components.inference.champion.cache import Champions
from components.inference.champion.follow_tried import TriedFollower
from components.inference.champion.measured import MeasuredWriter, read_measured
from components.inference.champion.position import Position
from components.inference.champion.published import publish
from components.inference.champion.source import Beside, _opened_beside
from components.inference.champion.tried import note_stopped, publish_tried, stopped, withdraw_tried
from components.inference.engine.engine import Engine
from components.inference.engine.model import Model
from components.inference.engine.shadow import Measured
from components.inference.engine.trial import Trial
from components.inference.options import Options
from components.system.address import Address
from components.system.files import read_json, write_json
from tests.servers import wait_for
from tests.unit.inference.champion.test_follow import a_bundle

FIRST, SECOND = "1" * 32, "2" * 32
HISTORY = "0123456789abcdef0123456789abcdef"


@dataclass
class Followed:
    """A workload `w` with a champion, version 1, at work in an engine that follows canaries."""

    folder: Path
    engine: Engine = field(default_factory=Engine)

    def __post_init__(self) -> None:
        self.address = str(self.folder / "champions")
        self.engine.swap(Model.open(self.bundle("1"), "1", None))
        self.follower = self.worker(self.engine)

    def worker(self, engine: Engine) -> TriedFollower:
        champions = Champions(self.address, "w", self.folder / "cache")
        opened = partial(_opened_beside, read_about(self.bundle("1")), Options(), engine, WeakValueDictionary())
        follower = TriedFollower(champions, opened, engine)
        engine.canary_ended = lambda canary, why: follower.ended(canary.trial, why)
        return follower

    def bundle(self, version: str) -> Path:
        bundle = self.folder / version
        if not bundle.exists():
            a_bundle(bundle, int(version))
        return bundle

    def publish(self, version: str, id: str = FIRST, against: str = "1") -> None:
        said = Trial(id=id, version=version, against=against, share=0.05, latency=2.0, milliseconds=5.0)
        publish_tried(self.bundle(version), "w", said, self.address)

    def shadow(self, version: str, id: str = FIRST, length: int = 1) -> bool:
        said = Trial(id=id, version=version, against="1", share=0.01, latency=2.0, milliseconds=5.0)
        position = Position(length, HISTORY)
        return publish_tried(self.bundle(version), "w", said, self.address, position, role="shadow")

    def look(self, follower: TriedFollower | None = None) -> str | None:
        """Look as often as it takes; return which version is tried."""
        at_work = follower or self.follower
        for _ in range(5):
            at_work.look()
        canary = at_work._engine.canary
        return canary.batcher.model.version if canary else None


@pytest.fixture
def followed(tmp_path: Path) -> Followed:
    return Followed(tmp_path)


def test_what_is_published_is_tried_until_it_is_withdrawn(followed: Followed) -> None:
    assert followed.look() is None
    followed.publish("2")
    assert followed.look() == "2"
    followed.publish("3", SECOND)
    assert followed.look() == "3"
    withdraw_tried("w", followed.address)
    assert followed.look() is None
    withdraw_tried("nobody", followed.address)
    assert not (Path(followed.address) / "nobody").exists()


def test_who_knew_less_of_the_history_puts_nothing_back(followed: Followed) -> None:
    """Neither an older canary, nor that there is none; and what has ended is tried no more, whoever publishes it."""

    def told(version: str, id: str, length: int) -> bool:
        said = Trial(id=id, version=version, against="1", share=0.05, latency=2.0, milliseconds=5.0)
        return publish_tried(followed.bundle(version), "w", said, followed.address, Position(length, HISTORY))

    def withdraw(length: int, ended: str | None = None) -> None:
        withdraw_tried("w", followed.address, Position(length, HISTORY), ended)

    withdraw(1)
    assert told("2", FIRST, 2)
    withdraw(1)  # slept since before it began
    assert followed.look() == "2"
    assert told("3", SECOND, 4)
    assert not told("2", FIRST, 2)
    withdraw(3, FIRST)
    assert followed.look() == "3"
    withdraw(5, SECOND)
    assert followed.look() is None
    assert told("3", SECOND, 4)  # the file says so, and no endpoint tries it
    assert followed.look() is None
    assert told("2", "3" * 32, 6)
    assert followed.look() == "2"
    with pytest.raises(PublishedError, match=r"canary\.json: follows another registry \(its history is 01234567"):
        withdraw_tried("w", followed.address, Position(7, "f" * 32))


def test_an_endpoint_that_knows_no_canary_follows_the_champion_as_ever(followed: Followed) -> None:
    publish(followed.bundle("1"), "w", "1", followed.address)
    before = (Path(followed.address) / "w" / "champion.json").read_bytes()
    followed.publish("2")
    assert (Path(followed.address) / "w" / "champion.json").read_bytes() == before


def test_it_is_tried_beside_the_champion_that_it_names_alone(followed: Followed) -> None:
    followed.publish("3", against="2")
    assert followed.look() is None
    followed.engine.swap(Model.open(followed.bundle("2"), "2", None))
    assert followed.look() == "3"


def test_what_one_worker_stops_all_stop(followed: Followed, caplog: pytest.LogCaptureFixture) -> None:
    other = Engine()
    other.swap(Model.open(followed.bundle("1"), "1", None))
    beside = followed.worker(other)
    followed.publish("2")
    assert followed.look() == followed.look(beside) == "2"
    followed.engine.end_canary("it is wrong")
    assert "canary version 2 is stopped: it is wrong; the champion answers all" in caplog.text
    address = followed.follower._champions.address
    wait_for(lambda: stopped(address, "w", FIRST) is not None)  # it is said in a thread
    found = stopped(address, "w", FIRST)
    assert found
    assert (found.version, found.why) == ("2", "it is wrong")
    assert followed.look(beside) is None
    assert followed.look() is None
    followed.publish("2", SECOND)  # another trial of the same version
    assert followed.look() == "2"


def test_one_that_takes_other_examples_is_refused_in_one_line(
    followed: Followed, caplog: pytest.LogCaptureFixture
) -> None:
    about = read_json(shutil.copytree(followed.bundle("2"), followed.folder / "4") / "bundle.json")
    about["input"] = {"height": 9, "width": 9, "channels": 1}
    write_json(followed.folder / "4" / "bundle.json", about)
    followed.publish("4")
    assert followed.look() is None
    assert followed.look() is None
    said = [record.message for record in caplog.records]
    assert said == ["w: no canary is tried: version 4 takes other examples than version 1, the champion"]
    with pytest.raises(BundleError, match="takes other examples"):
        followed.follower._opened(followed.folder / "4", "4")


def test_what_cannot_be_read_ends_nothing(followed: Followed, caplog: pytest.LogCaptureFixture) -> None:
    followed.publish("2")
    assert followed.look() == "2"
    at = Path(followed.address) / "w" / "canary.json"
    good = at.read_bytes()
    at.write_bytes(b"{}")
    assert followed.look() == "2"
    assert len([record for record in caplog.records if re.search(r"not of format 1", record.message)]) == 1
    at.write_bytes(good)
    note_stopped(followed.follower._champions.address, "w", followed.engine.canary.trial, "enough")  # type: ignore[union-attr]
    assert followed.look() is None


@pytest.fixture
def beside(followed: Followed) -> Beside:
    """Who follows what is tried, as an endpoint has it."""
    options = Options(champions=followed.address)
    made = source.beside(followed.bundle("1"), followed.engine, followed.folder / "cache", options)
    assert made
    followed.engine.shadow_ended = lambda shadow, why: made.shadow.ended(shadow.trial, why)
    followed.engine.canary_ended = lambda canary, why: made.canary.ended(canary.trial, why)
    return made


def tried(followed: Followed, beside: Beside) -> tuple[str | None, str | None]:
    """Look as often as it takes; return which version is a canary, and which is measured."""
    for _ in range(5):
        beside.look()
    canary, shadow = followed.engine.canary, followed.engine.shadow
    return canary and canary.trial.version, shadow and shadow.trial.version


def test_a_shadow_is_measured_beside_a_canary_until_it_is_withdrawn(followed: Followed, beside: Beside) -> None:
    before = sorted((Path(followed.address) / "w").glob("c*.json")) if Path(followed.address).exists() else []
    assert followed.shadow("2")
    assert sorted((Path(followed.address) / "w").glob("c*.json")) == before  # what older endpoints read is as it was
    assert tried(followed, beside) == (None, "2")
    followed.publish("3", "3" * 32)
    assert tried(followed, beside) == ("3", "2")
    assert followed.shadow("4", SECOND, 2)
    assert not followed.shadow("2", FIRST, 1)  # who slept puts nothing back
    assert tried(followed, beside) == ("3", "4")  # one at a time
    withdraw_tried("w", followed.address, Position(3, HISTORY), SECOND, role="shadow")
    assert tried(followed, beside) == ("3", None)
    assert followed.shadow("4", SECOND, 4)
    assert tried(followed, beside) == ("3", None)  # it is over


def test_a_canary_goes_on_with_the_model_that_was_measured(followed: Followed, beside: Beside) -> None:
    followed.shadow("2")
    assert tried(followed, beside) == (None, "2")
    followed.publish("2", SECOND)
    assert tried(followed, beside) == ("2", "2")
    assert followed.engine.shadow
    model = followed.engine.shadow.model
    withdraw_tried("w", followed.address, Position(2, HISTORY), FIRST, role="shadow")
    assert tried(followed, beside) == ("2", None)
    assert followed.engine.canary
    assert followed.engine.canary.batcher.model is model
    assert len(model.outputs(model._bundle.nothing(1))) == 1  # and it works still


def test_a_shadow_that_is_stopped_is_so_for_all(
    followed: Followed, beside: Beside, caplog: pytest.LogCaptureFixture
) -> None:
    followed.shadow("2")
    assert tried(followed, beside) == (None, "2")
    followed.engine.end_shadow("it is slow")
    assert "w: shadow version 2 is stopped: it is slow" in caplog.messages
    address = beside.shadow._champions.address
    wait_for(lambda: stopped(address, "w", FIRST) is not None)  # it is said in a thread
    other = Engine()
    other.swap(Model.open(followed.bundle("1"), "1", None))
    worker = source.beside(followed.bundle("1"), other, followed.folder / "cache", Options(champions=followed.address))
    assert worker
    worker.look()
    assert other.shadow is None
    assert tried(followed, beside) == (None, None)


def test_one_that_takes_other_examples_or_runs_on_a_gpu_is_not_measured(
    followed: Followed, beside: Beside, caplog: pytest.LogCaptureFixture
) -> None:
    about = read_json(shutil.copytree(followed.bundle("2"), followed.folder / "4") / "bundle.json")
    about["input"] = {"height": 9, "width": 9, "channels": 1}
    write_json(followed.folder / "4" / "bundle.json", about)
    followed.shadow("4")
    assert tried(followed, beside) == (None, None)
    followed.engine.model.provider = "cuda"
    followed.shadow("3", SECOND, 2)
    assert tried(followed, beside) == (None, None)
    assert [record.message for record in caplog.records] == [
        "w: no shadow is measured: version 4 takes other examples than version 1, the champion",
        "w: no shadow is measured: version 3 is not measured, for models run on a GPU here",
    ]


def test_what_workers_measure_is_added_up_by_whoever_reads_and_written_at_most_once_a_minute(
    followed: Followed, beside: Beside, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def found(against: str = "1") -> Measured:
        return read_measured(followed.address + "/", "w", FIRST, against)

    followed.shadow("2")
    assert tried(followed, beside) == (None, "2")
    assert found() == Measured()  # nothing was measured yet
    shadow = followed.engine.shadow
    assert shadow
    shadow.measured = Measured(1, 0, 3, 0.03, 0.015)
    beside.look()
    assert found() == Measured(1, 0, 3, 0.03, 0.015)
    shadow.measured = Measured(21, 20, 63, 0.5, 0.25)
    beside.look()
    assert found().runs == 1
    monkeypatch.setattr("components.inference.champion.measured._PAUSE", 0.0)
    other = MeasuredWriter(beside.shadow._champions.address, "w", lambda: shadow)
    other.look()
    assert found() == Measured(22, 20, 66, 0.53, 0.265)
    assert found("7") == Measured()  # beside another champion
    assert len(list((Path(followed.address) / "w" / f"measured-{FIRST}").iterdir())) == 2
    monkeypatch.setattr(Address, "write", refuse)
    for runs in (23, 24):
        shadow.measured = Measured(runs, 20, 66, 0.5, 0.25)
        other.look()
    assert [message for message in caplog.messages if "in the metrics alone" in message] == [
        "it is read-only; what is measured of version 2 is in the metrics alone"
    ]


def refuse(*_: object) -> None:
    raise PublishedError("it is read-only")
