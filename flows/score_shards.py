"""Rows answered by many machines, a shard each, and put together by one; for the flow `score`."""

import tempfile
from pathlib import Path

from prefect import task
from prefect.cache_policies import NO_CACHE

from components.config.errors import ConfigError, RegistryError
from components.registry.promotion import champion as champion_of
from components.registry.version import Version, find_version, get_version
from components.scoring.parts import manifest_of
from components.scoring.shards import Shard, Spans, merge, score_shard
from components.system.address import Address
from flows.report import Report, publish_report


def score_shards(workload: str, source: str, out: str | None, id: str | None, shard: str | None) -> Report:
    """Answer the rows of a shard, or, without one, merge them; all shards take the version that the first one took.

    Raises:
        ConfigError: nobody has said where the result is to be.
    """
    if not out:
        raise ConfigError("--out: say where the result is to be: a path that all machines share, or an address")
    spans = Spans(out)
    version = version_of(workload, spans, merging=shard is None)
    if shard:
        facts = answer_shard(version, source, out, Shard.parse(shard), id)
    else:
        facts = merge_shards(version, source, spans, id)
    return publish_report(
        workload, facts, key=f"scores-{workload}", description=f"What the last run of score came to for {workload}"
    )


def version_of(workload: str, spans: Spans, merging: bool) -> Version:
    """Return the version that the shards are answered with: that of those which have begun, else the champion.

    Where they are merged already, and it is done again, that is the version of the result.
    """
    if begun := spans.manifest():
        return get_version(workload, begun["version"])
    if merging and (merged := spans.merged()) and (version := find_version(workload, merged["version"])):
        return version
    champion = champion_of(workload)
    if champion is None:
        raise RegistryError(f"{workload} has no champion yet; `make run WORKLOAD={workload}` makes one")
    return champion


@task(task_run_name="score shard", cache_policy=NO_CACHE, persist_result=False)
def answer_shard(version: Version, source: str, out: str, shard: Shard, id: str | None) -> list[list[str]]:
    """Answer the rows of a shard that are missing; return the rows of the report."""
    before, now = score_shard(version.bundle(), version.number, source, out, shard, id)
    return [
        ["source", source],
        ["shard", f"{shard.index} of {shard.count}"],
        ["rows", f"{now:,} scored, {before:,} of them before"],
        ["version", version.number],
        ["beside", f"{out}; `--merge` makes it of all shards"],
    ]


@task(task_run_name="merge shards", cache_policy=NO_CACHE, persist_result=False)
def merge_shards(version: Version, source: str, spans: Spans, id: str | None) -> list[list[str]]:
    """Put together what all shards have answered; return the rows of the report."""
    if "://" not in spans.out:
        scored = merge(version.bundle(), version.number, source, Path(spans.out), spans, id)
    else:
        place = Address(spans.folder)
        with tempfile.TemporaryDirectory() as scratch:
            out, merged = Path(scratch, spans.name), spans.merged()
            if merged and merged["version"] == version.number:
                place.get(spans.name, out)  # done before, perhaps, and killed before the spans were gone
            scored = merge(version.bundle(), version.number, source, out, spans, id)
            if manifest_of(out) != merged:
                place.put(scored.out, spans.name)
    spans.discard()
    labels = ", ".join(f"{label} {count:,}" for label, count in list(scored.labels.items())[:10])
    return [
        ["source", source],
        ["rows", f"{scored.rows:,} of all shards"],
        ["unreadable", f"{scored.unreadable:,} (their rows say why in the column `error`)"],
        ["labels", labels],
        ["version", version.number],
        ["result", spans.out],
    ]
