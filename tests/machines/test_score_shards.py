"""Rows of a bucket, answered by shards that are killed, and merged in the bucket."""

from pathlib import Path

import fsspec
import pytest

from components.config.settings import artifacts
from components.scoring.fetched import fetched
from components.scoring.score import score
from components.scoring.shards import Shard, Spans, merge, score_shard
from tests.conftest import Project
from tests.integration.test_score_shards import ended, run, source

__all__ = ["source"]  # a fixture


@pytest.fixture
def bundle(trained_once: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return trained_once.path / artifacts("digits", "bundle")


def test_killed_shards_go_on_and_the_result_is_that_of_one_machine(
    bundle: Path, source: Path, bucket: str, tmp_path: Path
) -> None:
    files = fsspec.filesystem("s3")
    files.put(f"{source}/", f"{bucket}/rows/", recursive=True)
    rows, out = f"s3://{bucket}/rows", f"s3://{bucket}/scores.parquet"
    alone = score(bundle, "1", fetched(rows), tmp_path / "alone.parquet", workers=1, every=0.0)
    status, _ = ended(run(bundle, rows, out, "0/3", spans=1))
    assert status == -9
    for index in range(3):
        before, now = score_shard(bundle, "1", rows, out, Shard(index, 3), workers=1, rows=40)
        assert (before, now) == ((60, 120) if index == 0 else (0, now))
    merged = merge(bundle, "1", rows, tmp_path / "scores.parquet", Spans(out))
    assert merged.rows == 300
    assert merged.out.read_bytes() == alone.out.read_bytes()
    Spans(out).discard()
    assert files.ls(bucket, refresh=True, detail=False) == [f"{bucket}/rows"]
