"""Rows answered by several machines: killed, twice, merged; the same to the byte as by one."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from components.config.errors import ConfigError, DataError
from components.config.settings import artifacts
from components.scoring.score import score
from components.scoring.shards import Shard, Spans, merge, score_shard
from flows.score_shards import merge_shards
from tests.conftest import ROOT, Project

SHARD = """
import os, signal, sys
from pathlib import Path
from components.scoring.shards import Shard, Spans, score_shard
bundle, source, out, shard, left = sys.argv[1:]
add, left = Spans.add, [int(left)]
def killed(*arguments):
    if not left[0]:
        os.kill(os.getpid(), signal.SIGKILL)
    left[0] -= 1
    add(*arguments)
Spans.add = killed
print(score_shard(Path(bundle), "1", source, out, Shard.parse(shard), workers=1, rows=40))
"""


@pytest.fixture
def bundle(trained_once: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return trained_once.path / artifacts("digits", "bundle")


@pytest.fixture
def source(digits: Path, tmp_path: Path) -> Path:
    """Pictures in two Parquet files with small row groups; one of them cannot be read."""
    pictures = [path.read_bytes() for path in sorted(digits.rglob("*.png"))[:300]]
    pictures[7] = b"no picture"
    (tmp_path / "rows").mkdir()
    for number, some in enumerate((pictures[:130], pictures[130:])):
        pq.write_table(pa.table({"picture": some}), tmp_path / "rows" / f"{number}.parquet", row_group_size=30)
    return tmp_path / "rows"


def run(bundle: Path, source: str, out: str, shard: str, spans: int = 1_000) -> "subprocess.Popen[str]":
    """Start a machine that answers a shard; it is killed before it has written `spans` + 1 spans."""
    command = [sys.executable, "-c", SHARD, str(bundle), source, out, shard, str(spans)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)


def ended(machine: "subprocess.Popen[str]") -> tuple[int, str]:
    said, _ = machine.communicate(timeout=300)
    return machine.returncode, said


def test_killed_shards_go_on_and_the_result_is_that_of_one_machine(bundle: Path, source: Path, tmp_path: Path) -> None:
    alone = score(bundle, "1", source, tmp_path / "alone.parquet", workers=1, every=0.0)
    out = tmp_path / "shared" / "scores.parquet"
    killed = [run(bundle, str(source), str(out), f"{index}/3", spans=1) for index in (0, 2)]
    whole = [run(bundle, str(source), str(out), "1/3") for _ in range(2)]  # two do the same, at once
    assert [ended(machine)[0] for machine in killed] == [-signal.SIGKILL] * 2
    assert [ended(machine)[0] for machine in whole] == [0, 0]
    with pytest.raises(DataError, match=r"rows from 60 on are missing; run --shard 0/3 to its end, then --merge"):
        merge(bundle, "1", str(source), out, Spans(str(out)))
    assert not out.exists()
    begun = {path: path.stat().st_mtime_ns for path in (tmp_path / "shared").rglob("*.parquet")}
    again = [ended(run(bundle, str(source), str(out), f"{index}/3")) for index in (0, 2)]
    assert [status for status, _ in again] == [0, 0]
    assert [json.loads(said.replace("(", "[").replace(")", "]"))[0] for _, said in again] == [60, 60]  # were there
    assert {path: path.stat().st_mtime_ns for path in begun} == begun  # each span was written once
    merged = merge(bundle, "1", str(source), out, Spans(str(out)))
    assert out.read_bytes() == alone.out.read_bytes()
    assert (merged.rows, merged.unreadable) == (300, 1)


def test_what_shards_cannot_do_is_told_in_one_line(bundle: Path, source: Path, payments_once: Project) -> None:
    out = "scores.parquet"
    assert score_shard(bundle, "1", str(source), out, Shard(0, 2), workers=1) == (0, 160)  # to the end of a chunk
    with pytest.raises(ConfigError, match=r"scores.parquet.parts: the shards there are of another count of shards"):
        score_shard(bundle, "1", str(source), out, Shard(0, 3), workers=1)
    (source / "1.parquet").unlink()
    with pytest.raises(ConfigError, match=r"the shards there are of another source"):
        score_shard(bundle, "1", str(source), out, Shard(1, 2), workers=1)
    with pytest.raises(ConfigError, match=r"^--shard: a row of payments depends on the rows before it"):
        score_shard(payments_once.path / artifacts("payments", "bundle"), "1", str(source), "p.parquet", Shard(0, 2))
    for said in ("2/2", "1", "-1/2", "1/0"):
        with pytest.raises(ConfigError, match=f"^--shard {said}: expected i/n"):
            Shard.parse(said)


def test_a_folder_of_pictures_is_shared_out_too(bundle: Path, digits: Path, tmp_path: Path) -> None:
    """There are fewer chunks than shards: some have nothing to do."""
    alone = score(bundle, "1", digits, tmp_path / "alone.parquet", workers=1)
    out = tmp_path / "scores.parquet"
    found = [score_shard(bundle, "1", str(digits), str(out), Shard(index, 7), workers=1) for index in range(7)]
    assert sum(now for _, now in found) == 600
    merge(bundle, "1", str(digits), out, Spans(str(out)))
    assert out.read_bytes() == alone.out.read_bytes()


def test_merging_again_changes_nothing_whatever_of_the_spans_a_kill_has_left(
    bundle: Path, source: Path, tmp_path: Path
) -> None:
    out = tmp_path / "scores.parquet"
    place = f"file://{out}"  # as in a bucket: the result is put there when it is whole
    for index in range(2):
        score_shard(bundle, "1", str(source), place, Shard(index, 2), workers=1, rows=40)
    version = SimpleNamespace(bundle=lambda: bundle, number="1")
    discard, Spans.discard = Spans.discard, lambda self: None  # type: ignore[method-assign]
    try:
        merge_shards.fn(version, str(source), Spans(place), None)
    finally:
        Spans.discard = discard  # type: ignore[method-assign]
    written, spans = out.stat().st_mtime_ns, Spans(place)
    assert spans.merged()["version"] == "1"
    next(tmp_path.glob("scores.parquet.parts/rows/*.parquet")).unlink()  # killed while they were deleted
    assert merge_shards.fn(version, str(source), spans, None)[1] == ["rows", "300 of all shards"]
    assert not (tmp_path / "scores.parquet.parts").exists()
    assert merge_shards.fn(version, str(source), spans, None)[1] == ["rows", "300 of all shards"]
    assert score_shard(bundle, "1", str(source), place, Shard(1, 2), workers=1) == (150, 0)  # nothing is left to do
    assert out.stat().st_mtime_ns == written


def test_spans_of_something_else_are_not_merged(bundle: Path, source: Path, tmp_path: Path) -> None:
    out = tmp_path / "scores.parquet"
    score_shard(bundle, "1", str(source), str(out), Shard(0, 1), workers=1)
    for version, sentence in (("2", "another version"), ("1", "another source")):
        if version == "1":
            os.utime(source / "0.parquet")
        with pytest.raises(ConfigError, match=f"the shards there are of {sentence}; take another --out, or delete"):
            merge(bundle, version, str(source), out, Spans(str(out)))
        assert not out.exists()


@pytest.mark.parametrize(
    ("out", "sentence"),
    [
        ("folder", "a folder is there; name a file, as folder/scores.parquet"),
        ("rows/scores.parquet", "inside of what is scored"),
        ("memory://", "names no file; say one, as memory:/scores.parquet"),
        ("memory://bucket", "names no file"),
        ("memory://bucket/", "names no file; say one, as memory://bucket/scores.parquet"),
    ],
)
def test_a_place_where_there_can_be_no_result_is_told_before_anything_is_scored(
    out: str, sentence: str, bundle: Path, source: Path, tmp_path: Path
) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(ConfigError, match=f"^--out {out}: {sentence}"):
        score_shard(bundle, "1", str(source), out, Shard(0, 2), workers=1)
    with pytest.raises(ConfigError, match=f"^--out {out}: {sentence}"):
        merge(bundle, "1", str(source), tmp_path / "scores.parquet", Spans(out))
    assert not list(tmp_path.rglob("*.parts"))


def test_what_is_damaged_or_cannot_be_written_is_told_in_one_line(bundle: Path, source: Path, tmp_path: Path) -> None:
    out = tmp_path / "scores.parquet"
    score_shard(bundle, "1", str(source), str(out), Shard(0, 1), workers=1)
    with pytest.raises(DataError, match=r"^/dev/full: .*; see to it, and the same command goes on"):
        merge(bundle, "1", str(source), Path("/dev/full/x"), Spans(str(out)))
    (span,) = tmp_path.glob("scores.parquet.parts/rows/*.parquet")
    span.write_bytes(b"cut off")
    with pytest.raises(DataError, match=r"rows/0+-0+300\.parquet: not readable .*delete it, and score its shard again"):
        merge(bundle, "1", str(source), out, Spans(str(out)))
    span.parent.with_name("manifest.json").write_text("{")
    with pytest.raises(DataError, match=r"manifest\.json: not readable .*; delete that folder"):
        merge(bundle, "1", str(source), out, Spans(str(out)))
