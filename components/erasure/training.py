"""What training keeps: the outputs of stages in `artifacts/`, and their objects in DVC's cache.

Whatever has the subject in it, or was made of raw records that have, and has a line for each record: the raw records,
the prepared data, and what a bundle is seeded with. Weights, metrics and figures name nobody and stay.
"""

import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from components import catalogue
from components.config.params import Workload
from components.config.settings import artifacts
from components.erasure.shards import remove_partitions, remove_shards, shards_of
from components.erasure.subject import Removed, Subject
from components.erasure.texts import remove_rows
from components.inference.bundle import ABOUT, SERVING
from components.prediction_log.identities import EVENT
from components.registry.made_of import lineages
from components.system.files import scratch_directory
from components.versioning import lock
from components.versioning.cache import cache_file, cache_folder, files_of, recorded
from components.versioning.lock import Stage

_ANSWER = "id"  # column of a manifest
_RAW, _PREPARED, _BUNDLES = "raw", "prepared", ("bundle", "bundle-float16", "bundle-int8")


@dataclass
class Held:
    """Where training keeps the subject."""

    versions: list[str] = field(default_factory=list)
    """Registered versions whose raw records have it, and are in the cache."""
    unknown: list[str] = field(default_factory=list)
    """Those whose raw records are not in the cache."""
    rows: int = 0
    """Of the raw records in the workspace."""
    workspace: list[Path] = field(default_factory=list)
    """Folders below `artifacts/`, in the order in which they may go."""
    objects: list[Path] = field(default_factory=list)
    """Files of the cache, in the order in which they may go."""
    shards: list[str] = field(default_factory=list)
    """Names of the shards of prepared pictures."""


def held(name: str, workload: Workload, subject: Subject) -> Held:
    """Return where training keeps the subject; note the keys of its raw records with it."""
    cache, made = cache_folder(), lineages(name)
    runs = [*lock.everything(), *recorded(cache), *(stage for one in made.values() for stage in one.stages.values())]
    raw = str(artifacts(name, _RAW))
    hashes = dict.fromkeys(md5 for run in runs for path, md5 in run.outs.items() if path == raw)
    rows = {md5: _count(files_of(raw, md5, cache).values(), workload, subject) for md5 in hashes}
    in_workspace = _count(artifacts(name, _RAW).glob("*.parquet"), workload, subject)
    if in_workspace and (now := lock.hashes(f"ingest@{name}").get(raw)):
        rows[now] = in_workspace
    with_subject = {md5 for md5, count in rows.items() if count}
    workspace = list(_workspace(name, workload, subject, with_subject))
    prepared = str(artifacts(name, _PREPARED))
    of_raw = {run.outs[prepared] for run in runs if prepared in run.outs and run.deps.get(raw) in with_subject}
    return Held(
        versions=[number for number, one in made.items() if one.data.raw in with_subject],
        unknown=[number for number, one in made.items() if not cache_file(cache, one.data.raw).exists()],
        rows=in_workspace,
        workspace=workspace,
        objects=_objects(name, workload, runs, with_subject, cache),
        shards=shards_of(workspace, {(prepared, md5) for md5 in of_raw}, runs, cache),
    )


def clean(name: str, found: Held) -> Iterator[Removed]:
    """Remove all of it; raw records go last, by which the rest is found."""
    yield from remove_shards(found.shards)
    if found.workspace or found.objects:
        yield from remove_partitions(name)
    for folder in found.workspace:
        shutil.rmtree(folder)
        yield Removed(str(folder), "outputs of a stage; the next `dvc repro` makes them", 1)
    for path in found.objects:
        path.unlink(missing_ok=True)
    if found.objects:
        yield Removed(str(cache_folder()), "objects of DVC's cache", len(found.objects))


def _count(paths: Iterable[Path], workload: Workload, subject: Subject) -> int:
    """Return how many raw records of Parquet files are the subject's; note their keys.

    One answer is told by its id, which stands in the manifest beside the records.
    """
    kind = catalogue.erasure(workload.kind)
    key = kind.key(workload) if kind else None
    column = _ANSWER if subject.column == EVENT else subject.column

    def is_it(row: dict[str, object]) -> bool:
        found = subject.is_it(row.get(column))
        if found and key and row.get(key) is not None:
            subject.keys.add(str(row[key]))
        return found

    count = 0
    for path in paths:
        with scratch_directory(Path("state") / "erasure") as scratch:  # a cache's file has no ending
            (scratch / "records.parquet").symlink_to(path.resolve())
            count += remove_rows(scratch / "records.parquet", is_it, {column, key or column}, False)
    return count


def _workspace(name: str, workload: Workload, subject: Subject, with_subject: set[str]) -> Iterator[Path]:
    raw, prepared = artifacts(name, _RAW), artifacts(name, _PREPARED)
    stage = lock.stages(name).get("prepare")
    of_subject = bool(stage and stage.deps.get(str(raw)) in with_subject)
    for stage_name in _BUNDLES:
        bundle = artifacts(name, stage_name)
        if (bundle / ABOUT).exists() and _is_seeded(bundle / SERVING, workload, subject):
            yield bundle
    for folder in (prepared, raw):
        if folder.exists() and (of_subject or _is_seeded(folder / SERVING, workload, subject)):
            yield folder


def _is_seeded(serving: Path, workload: Workload, subject: Subject) -> bool:
    kind = catalogue.erasure(workload.kind)
    paths = [serving / kept for kept in kind.KEPT] if kind else []
    return any(_has(path, workload, subject) for path in paths if path.exists())


def _has(path: Path, workload: Workload, subject: Subject) -> bool:
    kind = catalogue.erasure(workload.kind)
    with scratch_directory(Path("state") / "erasure") as scratch:
        return bool(kind and kind.erase_kept(path, workload, subject.column, subject.value, scratch / path.name))


def _objects(name: str, workload: Workload, runs: list[Stage], with_subject: set[str], cache: Path) -> list[Path]:
    raw, prepared = str(artifacts(name, _RAW)), str(artifacts(name, _PREPARED))
    of_raw = {run.outs[prepared] for run in runs if prepared in run.outs and run.deps.get(raw) in with_subject}
    going = {(raw, md5) for md5 in with_subject} | {(prepared, md5) for md5 in of_raw}
    outs = {(path, md5) for run in runs for path, md5 in run.outs.items()}
    of_others = {file for path, md5 in outs - going for file in files_of(path, md5, cache).values()}
    kind = catalogue.erasure(workload.kind)
    kept = kind.KEPT if kind else ()
    gone: dict[Path, None] = {}
    for path in (str(artifacts(name, stage)) for stage in _BUNDLES):
        for md5 in {run.outs[path] for run in runs if path in run.outs and run.deps.get(prepared) in of_raw}:
            if seeds := [file for named, file in files_of(path, md5, cache).items() if Path(named).name in kept]:
                of_others -= set(seeds)
                gone |= dict.fromkeys([*seeds, cache_file(cache, md5)])
    for path, hashes in ((prepared, of_raw), (raw, with_subject)):
        for md5 in sorted(hashes):
            files = [file for file in files_of(path, md5, cache).values() if file not in of_others]
            gone |= dict.fromkeys([*files, cache_file(cache, md5)])
    return [path for path in gone if path.exists()]
