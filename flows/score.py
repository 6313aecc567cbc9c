"""Flow `score`: very many rows answered by the champion. `python -m flows.score WORKLOAD SOURCE [--out FILE]`."""

import argparse
from pathlib import Path

from prefect import flow, task
from prefect.cache_policies import NO_CACHE

from components import catalogue
from components.config.errors import ConfigError, RegistryError
from components.config.settings import STATE, log_folder
from components.kinds.formatting import number
from components.registry.promotion import champion as champion_of
from components.registry.version import Version
from components.scoring.fetched import fetched
from components.scoring.result import Scored
from components.scoring.score import score as score_rows
from components.scoring.shards import Shard
from flows import console
from flows.costs import measure
from flows.report import Report, publish_report
from flows.runs import mark_dead_runs
from flows.score_shards import score_shards
from flows.servers import ask_registry


@flow(name="score", flow_run_name="score-{workload}", persist_result=False, log_prints=False)
@measure("score")
def score(
    workload: str,
    source: str,
    out: str | None = None,
    id: str | None = None,
    every: float = 10.0,
    log: bool = False,
    shard: str | None = None,
    merge: bool = False,
) -> Report:
    """Answer every row of a folder of files or of Parquet files with the champion; the same command goes on.

    `shard`: only the rows of one of several machines; `merge`: put together what those have answered.
    """
    console.prepare()
    check(workload, source, out, id, every, log, shard, merge)
    mark_dead_runs("score")

    if shard is not None or merge:
        return score_shards(workload, source, out, id, shard)
    champion, bundle = fetch_champion(workload)
    scored = score_source(bundle, champion, source, _out(workload, source, out), id, every, log)

    return publish_report(
        workload,
        scoring_facts(source, champion, scored),
        key=f"scores-{workload}",
        description=f"What the last run of score came to for {workload}",
    )


def check(
    workload: str,
    source: str,
    out: str | None = None,
    id: str | None = None,
    every: float = 10.0,
    log: bool = False,
    shard: str | None = None,
    merge: bool = False,
) -> None:
    """Raise a `ConfigError` unless `params.yaml` has the workload, the source is there, and every server answers."""
    catalogue.workload(workload)
    if "://" not in source and not Path(source).exists():
        raise ConfigError(f"{source}: no such file or folder")
    if shard is not None:  # an empty one would be all rows
        Shard.parse(shard)
    if out and "://" in out and not (shard or merge):
        raise ConfigError(f"--out {out}: one machine writes a file; to an address go --shard 0/1 and --merge")
    if shard and merge:
        raise ConfigError("--shard answers rows, --merge puts them together when all are answered: name one of them")
    if log and (shard or merge):
        raise ConfigError("--log: the prediction log has the rows of one machine; leave out --shard and --merge")
    ask_registry()


@task(task_run_name="champion", cache_policy=NO_CACHE, persist_result=False)
def fetch_champion(workload: str) -> tuple[Version, Path]:
    """Fetch the bundle of the version that is at work."""
    champion = champion_of(workload)
    if champion is None:
        raise RegistryError(f"{workload} has no champion yet; `make run WORKLOAD={workload}` makes one")
    return champion, champion.bundle()


@task(task_run_name="score", cache_policy=NO_CACHE, persist_result=False)
def score_source(
    bundle: Path, champion: Version, source: str, out: Path, id: str | None, every: float, log: bool
) -> Scored:
    """Answer every row; `log`: and have it in the prediction log."""
    folder = log_folder(champion.workload) if log else None
    return score_rows(bundle, champion.number, fetched(source), out, id, every=every, log=folder)


def scoring_facts(source: str, champion: Version, scored: Scored) -> list[list[str]]:
    """Return the rows of the report."""
    labels = ", ".join(f"{label} {count:,}" for label, count in list(scored.labels.items())[:10])
    before = f", {scored.before:,} of them before" if scored.before else ""
    return [
        ["source", source],
        ["rows", f"{scored.rows:,} scored{before}"],
        ["unreadable", f"{scored.unreadable:,} (their rows say why in the column `error`)"],
        *([["unusual", f"{scored.warned:,} (answered; the column `warnings` says what)"]] if scored.warned else []),
        *([["unfamiliar", f"{scored.unfamiliar:,} (the column `unfamiliar` says which)"]] if scored.unfamiliar else []),
        ["labels", labels],
        ["champion", f"version {champion.number}, {champion.metric} {number(champion.value)}"],
        ["rate", f"{scored.rate:,.0f} rows a second" if scored.seconds else "nothing to do"],
        ["result", str(scored.out)],
    ]


def _out(workload: str, source: str, out: str | None) -> Path:
    return Path(out) if out else STATE / "scores" / f"{workload}-{Path(source).resolve().stem}.parquet"


def _arguments() -> tuple[object, ...]:
    parser = argparse.ArgumentParser("python -m flows.score", description=__doc__.partition(".")[0])
    parser.add_argument("workload", help="whose champion answers")
    parser.add_argument("source", help="a folder of pictures, a Parquet file, or a folder of those; or its address")
    parser.add_argument("--out", help="the Parquet file to write (state/scores/WORKLOAD-SOURCE.parquet)")
    parser.add_argument("--id", help="the column with each row's id (the workload's own, else the row's number)")
    parser.add_argument("--every", type=float, default=10.0, help="seconds of work that a kill costs at most (10)")
    parser.add_argument("--log", action="store_true", help="have the rows in the prediction log, too")
    parser.add_argument("--shard", metavar="I/N", help="answer the rows of shard I (from 0) of N alone, beside --out")
    parser.add_argument("--merge", action="store_true", help="put together what all shards have answered")
    given = parser.parse_args()
    return tuple(vars(given).values())


if __name__ == "__main__":
    console.run(score, check=check, arguments=_arguments())
