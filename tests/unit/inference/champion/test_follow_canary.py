import re
import shutil
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pytest

from components.config.errors import BundleError, PublishedError
from components.inference.bundle import read_about
from components.inference.champion.cache import Champions
from components.inference.champion.canary import note_stopped, publish_canary, stopped, withdraw_canary
from components.inference.champion.follow_canary import CanaryFollower
from components.inference.champion.position import Position
from components.inference.champion.published import publish
from components.inference.champion.source import _opened_beside
from components.inference.engine.engine import Engine
from components.inference.engine.model import Model
from components.inference.engine.trial import Trial
from components.inference.options import Options
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

    def worker(self, engine: Engine) -> CanaryFollower:
        champions = Champions(self.address, "w", self.folder / "cache")
        opened = partial(_opened_beside, read_about(self.bundle("1")), Options(), engine)
        follower = CanaryFollower(champions, opened, engine)
        engine.canary_ended = follower.ended
        return follower

    def bundle(self, version: str) -> Path:
        bundle = self.folder / version
        if not bundle.exists():
            a_bundle(bundle, int(version))
        return bundle

    def publish(self, version: str, id: str = FIRST, against: str = "1") -> None:
        said = Trial(id=id, version=version, against=against, share=0.05, latency=2.0, milliseconds=5.0)
        publish_canary(self.bundle(version), "w", said, self.address)

    def look(self, follower: CanaryFollower | None = None) -> str | None:
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
    withdraw_canary("w", followed.address)
    assert followed.look() is None
    withdraw_canary("nobody", followed.address)
    assert not (Path(followed.address) / "nobody").exists()


def test_who_knew_less_of_the_history_puts_nothing_back(followed: Followed) -> None:
    """Neither an older canary, nor that there is none; and what has ended is tried no more, whoever publishes it."""

    def told(version: str, id: str, length: int) -> bool:
        said = Trial(id=id, version=version, against="1", share=0.05, latency=2.0, milliseconds=5.0)
        return publish_canary(followed.bundle(version), "w", said, followed.address, Position(length, HISTORY))

    def withdraw(length: int, ended: str | None = None) -> None:
        withdraw_canary("w", followed.address, Position(length, HISTORY), ended)

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
        withdraw_canary("w", followed.address, Position(7, "f" * 32))


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
