"""What follows from who is at work, whichever flow decided it: its Bento, and the pointer that endpoints follow."""

import getpass
import os
from pathlib import Path
from typing import Any

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.runtime import flow_run

from components.config.settings import CHAMPIONS
from components.inference.champion.published import publish
from components.inference.examples import EXAMPLES
from components.inference.package import package, packaged_bundle
from components.registry.card import keep_card
from components.registry.examples import version_examples
from components.registry.lineage import BENTO
from components.registry.promotion import champion as champion_of
from components.registry.promotion import note_published
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

    Who has become champion meanwhile is published too: of several who publish, the last is right.
    """
    address = os.environ[CHAMPIONS]
    publish(packaged_bundle(bundle, champion.workload, champion.number), champion.workload, champion.number, address)
    now = champion_of(champion.workload)
    if now and now != champion:
        return str(publish_champion.fn(package_champion.fn(now)[0], now))
    note_published(champion)
    return f"{address.removeprefix(f'{Path.cwd()}/')}/{champion.workload}"


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
