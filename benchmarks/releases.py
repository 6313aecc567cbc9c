"""What a request costs the endpoint of an older release, and that of today.

    python -m benchmarks.releases [--quick] [--json FILE] [--seconds S] [--rounds N]

Both serve the same bundle, that of the small project which an older release left (`tests/fixtures/older_project`): a
Bento brings the code that made it, so the older one runs the endpoint of then, on the packages of today. Arms take
turns, one worker each: `before`, `today` (the prediction log off, for the older release had none), `logged` (as
it is by default), and `again`, which is `before` once more: the control. CPU is user and system time of the server's
processes by request, of 32 connections; p99 is that of one. A ratio is the median over rounds of an arm's figure by
that of `before` in the same round.
"""

import json
import statistics
import tarfile
import tempfile
from pathlib import Path
from typing import Any

from benchmarks import harness
from benchmarks.arms import Arm, packaged, serve
from benchmarks.logging_cost import MANY, measure, ratio, timed
from benchmarks.peers.answer import Answerer
from benchmarks.wire import post
from components.inference.examples import read_examples

OLDER = harness.ROOT / "tests/fixtures/older_project/project.tar.xz"
WORKLOAD = "digits"
OFF = {"JOURNEYMAN_LOG": "off"}


def main() -> None:
    """Measure, print the table, and write it where the user wants it."""
    options = timed(harness.parser(__doc__, quick="two rounds of half a second"))
    with tempfile.TemporaryDirectory() as folder:
        arms = unpacked_arms(Path(folder))
        figures = measure(arms, options.seconds, options.rounds)
    harness.finish({"seconds": options.seconds, "arms": figures}, report, options.json)


def unpacked_arms(folder: Path) -> dict[str, Arm]:
    """Return the arms, the older project unpacked into the folder."""
    with tarfile.open(OLDER) as archive:
        archive.extractall(folder, filter="data")
    champions = folder / "state/champions" / WORKLOAD
    pointer = json.loads((champions / "champion.json").read_text())
    bundle = champions.parent / pointer["path"]
    before, today = str(folder / "state/bentoml"), str(folder / "today")
    (older,) = Path(before, "bentos", WORKLOAD).glob(f"v{pointer['version']}-*")
    tags = {before: f"{WORKLOAD}:{older.name}", today: packaged(bundle, WORKLOAD, today)}
    pictures = [example["row"]["picture"] for example in read_examples(bundle)]
    requests = [post(picture, "image/png") for picture in pictures]
    labels = [Answerer(bundle).answer(picture)["label"] for picture in pictures]

    def arm(home: str, **settings: str) -> Arm:
        variables = {"BENTOML_HOME": home, "JOURNEYMAN_LOG_DIR": str(folder / "log"), **settings}
        return Arm(lambda port: serve(tags[home], port), variables, requests, labels)

    return {"before": arm(before), "today": arm(today, **OFF), "logged": arm(today), "again": arm(before)}


def report(result: dict[str, Any]) -> None:
    """Print the table."""
    arms = result["arms"]
    print(f"{result['machine']}; {MANY} connections, p99 of one\n")
    print("| | CPU µs a request | by before | p99 ms | by before | requests/s |\n|---|---|---|---|---|---|")
    for name, rows in arms.items():
        cpu, p99, rate = (statistics.median(row[figure] for row in rows) for figure in ("cpu_us", "p99_ms", "rate"))
        more, slower = (ratio(arms, name, figure, "before") for figure in ("cpu_us", "p99_ms"))
        print(f"| {name} | {cpu:.0f} | {more:.3f} | {p99:.2f} | {slower:.2f} | {rate:,.0f} |")


if __name__ == "__main__":
    main()
