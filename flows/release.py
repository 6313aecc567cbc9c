"""What follows from who is at work, whichever flow decided it: its Bento, and the pointer that endpoints follow."""

import getpass
import os
from pathlib import Path
from typing import Any

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.runtime import flow_run

from components.config.errors import PublishedError
from components.config.passwords import without_password
from components.config.settings import CHAMPIONS, STATE
from components.inference.champion.position import Position
from components.inference.champion.published import CHAMPION, publish
from components.inference.examples import EXAMPLES
from components.inference.package import package, packaged_bundle
from components.registry.card import keep_card
from components.registry.examples import version_examples
from components.registry.lineage import BENTO
from components.registry.promotion import champion as champion_of
from components.registry.promotion import note_published, reconciled_champion
from components.registry.promotion.ledger import Ledger
from components.registry.version import Version


@task(task_run_name="package", cache_policy=NO_CACHE, persist_result=False)
def package_champion(champion: Version) -> tuple[Path, str]:
    """Take the champion's bundle into the Bento store, with its card and its examples, and build its Bento."""
    bundle = champion.bundle()
    beside: dict[str, Any] = keep_card(champion)
    if shown := version_examples(champion):
        beside[EXAMPLES] = shown
    bento = package(bundle, champion.workload, champion.number, beside)
    champion.set_tags({BENTO: bento})
    return bundle, bento


@task(task_run_name="publish", cache_policy=NO_CACHE, persist_result=False)
def publish_champion(bundle: Path, champion: Version) -> str:
    """Point the endpoints that follow to the champion; return where that is said.

    Who has become champion meanwhile is published too. Of several who publish, that of the last entry is right, whoever
    comes last.
    """
    workload, address = champion.workload, os.environ[CHAMPIONS]
    position = _position(champion)
    published = position is not None and _published(bundle, champion, position)
    if position and not published and position == _position(champion):
        raise older_registry(f"{without_password(address)}/{workload}/{CHAMPION}.json")
    if not published or champion_of(workload) not in (None, champion):
        now = reconciled_champion(workload)
        if now:
            return str(publish_champion.fn(package_champion.fn(now)[0], now))
    if position:
        note_published(champion, position.number)
    return f"{without_password(address).removeprefix(f'{Path.cwd()}/').rstrip('/')}/{workload}"


def older_registry(where: str) -> PublishedError:
    """Return that the file `where` was moved by a later step of this history than the registry has."""
    return PublishedError(
        f"{where}: knows later steps of the history than the registry, whose database seems to be an older copy; "
        "remove this file, and run it again to publish what the registry says"
    )


def is_own(address: str) -> bool:
    """Whether that is the folder under `state/`, where no other registry publishes."""
    return Path(address) == Path.cwd() / STATE / "champions"


def _position(champion: Version) -> Position | None:
    """Return the position of the entry that put the champion to work; None: by the last one another version is."""
    ledger = Ledger(champion.workload)
    last = ledger.read().last
    return Position(last.number, ledger.id) if last and last.to == champion.number else None


def _published(bundle: Path, champion: Version, position: Position) -> bool:
    """Publish the champion; return whether the pointer is where the entry at `position` put it."""
    address, packaged = os.environ[CHAMPIONS], packaged_bundle(bundle, champion.workload, champion.number)
    alone = is_own(address)
    return publish(packaged, champion.workload, champion.number, address, position, alone).position == position


def this_run() -> str:
    """Return which run of which flow this is, for the history."""
    return f"flow {flow_run.get_flow_name()}, run {flow_run.get_id()}"


def this_person() -> str:
    """Return who started this flow, for the history."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):  # a container may have no name for its user
        name = f"user {os.getuid()}"
    return f"{name} ({this_run()})"
