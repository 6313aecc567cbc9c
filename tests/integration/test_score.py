"""Batch inference for real: processes, kills, files; answers held against those of the bundle and of the endpoint."""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import psutil
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from components import catalogue
from components.config.errors import ConfigError, DataError
from components.config.settings import artifacts
from components.inference.bundle import Bundle
from components.kinds.prepared import open_prepared
from components.kinds.table import scoring
from components.prediction_log.compaction import compact
from components.prediction_log.reader import Log
from components.scoring.result import Scored
from components.scoring.score import score
from tests.conftest import ROOT, Project
from tests.registering import registered

AGAIN = """
import sys
from pathlib import Path
from components.scoring.score import score
bundle, source, out, log = map(Path, sys.argv[1:])
score(bundle, "1", source, out, workers=1, every=0, log=log)
"""


@pytest.fixture
def digits_bundle(trained_once: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return trained_once.path / artifacts("digits", "bundle")


@pytest.fixture
def payments_bundle(payments_once: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return payments_once.path / artifacts("payments", "bundle")


def result(scored: Scored) -> dict[str, list[Any]]:
    return dict(pq.read_table(scored.out).to_pydict())


def test_a_folder_of_pictures_is_answered_as_the_bundle_does(digits_bundle: Path, digits: Path, tmp_path: Path) -> None:
    folder = tmp_path / "pictures"
    folder.symlink_to(digits)
    broken = tmp_path / "more"
    (broken / "d").mkdir(parents=True)
    for path in sorted(digits.rglob("*.png"))[:5]:
        (broken / "d" / path.name).write_bytes(path.read_bytes())
    (broken / "a.png").write_bytes(b"nothing of the sort")
    (broken / "d" / "0000.png").write_bytes(b"")

    said = result(score(digits_bundle, "7", broken, tmp_path / "scores.parquet", workers=1))
    assert said["id"][:2] == ["a.png", "d/0000.png"]
    assert said["error"] == ["not a PNG, JPEG, WebP or BMP picture", "the picture is empty (0 bytes)", *[None] * 4]
    assert said["label"][:2] == said["probability"][:2] == said["probabilities"][:2] == [None, None]
    assert set(said["model_version"]) == {"7"}
    bundle = Bundle(digits_bundle)
    codec = catalogue.codec("image", "classification")
    reader = codec.Reader("digits", bundle.about.input, bundle.about.serve, bundle.files, None)
    examples = reader.read([{"picture": (broken / id).read_bytes()} for id in said["id"][2:]])
    answers = codec.answers(bundle.outputs(examples), bundle.about.classes, bundle.about.decision, "7")
    told = zip(said["label"][2:], said["probability"][2:], said["probabilities"][2:], strict=True)
    for answer, (label, probability, probabilities) in zip(answers, told, strict=True):
        expected = answer.model_dump()
        assert (label, probability) == (expected["label"], pytest.approx(expected["probability"], abs=1e-6))
        assert probabilities == pytest.approx(expected["probabilities"], abs=1e-6)


def test_records_have_the_windows_that_the_endpoint_would_remember(
    payments_once: Project, payments_bundle: Path, tmp_path: Path
) -> None:
    data = open_prepared(payments_once.path / artifacts("payments", "prepared"))
    records = pq.read_table(data.path / "test_records.parquet")
    wrong = records.column("amount").to_pylist()
    wrong[-1] = float("inf")  # the last one, so that no other one's past lacks it
    wrong[-2] = -5.0
    corrupted = records.set_column(records.schema.get_field_index("amount"), "amount", pa.array(wrong))
    pq.write_table(corrupted.append_column("note", pa.array(["!"] * len(wrong))), tmp_path / "p.parquet")

    scored = score(payments_bundle, "1", tmp_path / "p.parquet", tmp_path / "out.parquet", workers=2)
    said = result(scored)
    expected = Bundle(payments_bundle).outputs(np.asarray(data.inputs("test")))[:-1, 1]
    assert said["probability"][:-2] == pytest.approx(expected[:-1], abs=1e-6)
    assert said["id"] == records.column("transaction_id").to_pylist()
    (warning,) = said["warnings"][-2]
    assert warning.startswith("amount: -5 is below ")
    assert said["warnings"][:-2] + said["warnings"][-1:] == [None] * (len(wrong) - 1)
    assert (scored.unreadable, scored.warned, scored.rows) == (1, 1, len(wrong))
    assert said["error"][-1].startswith("amount: ")
    assert said["error"][-1].endswith(", not inf")


def test_records_in_a_csv_file_are_answered_as_in_parquet(
    payments_once: Project, payments_bundle: Path, tmp_path: Path
) -> None:
    data = open_prepared(payments_once.path / artifacts("payments", "prepared"))
    records = pl.read_parquet(data.path / "test_records.parquet").with_columns(note=pl.lit("a;b"))
    records.write_csv(tmp_path / "p.csv", separator=";", datetime_format="%Y-%m-%d %H:%M:%S")
    said = result(score(payments_bundle, "1", tmp_path / "p.csv", tmp_path / "out.parquet", workers=1))
    expected = Bundle(payments_bundle).outputs(np.asarray(data.inputs("test")))[:, 1]
    assert said["probability"] == pytest.approx(expected, abs=1e-6)
    assert said["id"] == records["transaction_id"].to_list()


def test_a_sequence_is_read_as_the_endpoint_reads_one_after_the_other(
    payments_once: Project, payments_bundle: Path, tmp_path: Path
) -> None:
    data = open_prepared(payments_once.path / artifacts("payments", "prepared"))
    about = Bundle(payments_bundle).about
    rows = catalogue.sample("table").requests(data, range(120), False)
    rows[7] = {**rows[7], "customer_id": None}
    rows[30] = {**rows[30], "transaction_id": None}
    rows[40:40] = [{**rows[5], "amount": 3.0, "time": rows[40]["time"]}]  # its id was there
    files = payments_bundle / "serving"
    memory = f"sqlite:///{tmp_path}/memory.db"
    reader = catalogue.codec("table", "detection").Reader("payments", about.input, about.serve, files, memory)
    one_by_one = np.concatenate([reader.read([row]) for row in rows])
    reader.close()

    memory = scoring.memory(about.input, files)
    assert memory is not None
    chunks = [scoring.observations(rows[start : start + 37], about.input) for start in range(0, len(rows), 37)]
    assert np.array_equal(np.concatenate([memory.examples(chunk) for chunk in chunks]), one_by_one, equal_nan=True)


def test_a_memory_forgets_what_no_window_reaches(payments_bundle: Path) -> None:
    about = Bundle(payments_bundle).about
    memory = scoring.memory(about.input, payments_bundle / "serving")
    assert memory is not None
    row = {"transaction_id": 1, "time": "2018-06-01T00:00:00", "customer_id": 1, "terminal_id": 1, "amount": 1.0}
    for day in range(1, 29):
        rows = [
            {
                **row,
                "transaction_id": day * 1000 + place,
                "customer_id": day * 1000 + place,
                "time": f"2018-06-{day:02d}",
            }
            for place in range(800)
        ]
        memory.examples(scoring.observations(rows, about.input))
    kept = memory._memory
    customers = kept._entities["customer_id"]
    assert len(kept._known) == len(customers._events.time) == 800 * 17  # days: 7 of the window, 3 of the delay, 7
    assert len(customers._codes) < 800 * 2 * 17 + 1_000
    late = {**row, "transaction_id": 2}
    with pytest.raises(
        DataError, match=r"not in order of time: 2018-06-01.* comes after 2018-06-28.*sort the table by"
    ):
        memory.examples(scoring.observations([late], about.input))


def many_digits(digits: Path, path: Path) -> Path:
    """Write 3,000 pictures in row groups of 25, some of them broken, each of which becomes a part."""
    files = sorted(digits.rglob("*.png"))
    pictures = [files[place % len(files)].read_bytes() if place % 97 else b"broken" for place in range(3000)]
    pq.write_table(pa.table({"picture": pictures}), path, row_group_size=25)
    return path


def many_payments(payments: Project, path: Path) -> Path:
    """Write the test's records in row groups of a few, each of which becomes a part."""
    records = pq.read_table(payments.path / artifacts("payments", "prepared") / "test_records.parquet")
    pq.write_table(records, path, row_group_size=max(1, records.num_rows // 80))
    return path


@pytest.mark.parametrize("kind", ["pictures", "records"])
def test_killed_at_any_moment_it_goes_on_and_comes_to_the_same(
    kind: str,
    trained_once: Project,
    payments_once: Project,
    digits: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    project, name = (trained_once, "digits") if kind == "pictures" else (payments_once, "payments")
    source = tmp_path / "source.parquet"
    many_digits(digits, source) if kind == "pictures" else many_payments(payments_once, source)
    bundle, out = project.path / artifacts(name, "bundle"), tmp_path / "killed.parquet"
    parts, log = tmp_path / ".killed.parquet.parts", tmp_path / "log" / name

    whole = score(bundle, "1", source, tmp_path / "whole.parquet", workers=2)
    done = []
    for moment in (lambda: parts.exists(), lambda: count(parts) > done[-1] + 20):
        assert kill_at(moment, bundle, source, out, log) == -9
        assert not out.exists()
        assert not any(log.glob("wal/*")), "what no result has is in the log"
        done.append(count(parts))
    assert kill_at(lambda: len(list(log.glob("wal/*.seg"))) > 3, bundle, source, out, log) == -9
    assert compact(log) > 3  # as whoever watches does
    drafted = kill_at(lambda: any(tmp_path.glob(".killed.parquet.draft-*")), bundle, source, out, log)
    assert drafted in (-9, 0)  # the last file may be whole before the signal is there
    went_on = score(bundle, "1", source, out, workers=1, log=log)
    assert went_on.before > 0
    assert pq.read_table(out).drop(["event_id"]).equals(pq.read_table(whole.out))
    assert (went_on.rows, went_on.unreadable) == (whole.rows, whole.unreadable)
    assert not parts.exists()
    check_logged(Log.open(log), out, bundle)


def check_logged(log: Log, out: Path, bundle: Path) -> None:
    """See that each row with an answer is in the log once, with that answer, and with what it was made of."""
    logged = pa.Table.from_batches(log.answers()).to_pylist()
    rows = {row["event_id"]: row for row in pq.read_table(out).to_pylist() if row["error"] is None}
    assert len(logged) == len(rows)
    assert {row["id"] for row in logged} == rows.keys()
    opened = Bundle(bundle)
    fields = catalogue.codec(opened.about.kind, opened.about.task).number_names(opened.about.decision)
    for row in logged:
        answer, scored = json.loads(row["answer"]), rows[row["id"]]
        assert [np.float32(answer[name]) for name in fields] == [np.float32(scored[name]) for name in fields]
        assert (answer["label"], answer["id"], answer["model_version"]) == (scored["label"], row["id"], "1")
        assert answer.get("warnings") == scored.get("warnings")
        assert (row["origin"], row["route"], row["version"]) == ("score", "batch", "1")
        assert row["key"] is None or row["key"] == str(scored["id"])
    example = np.frombuffer(logged[0]["example"], logged[0]["example_type"].partition("[")[0])
    outputs = opened.outputs(example.reshape(opened.nothing(1).shape))[0]
    assert outputs == pytest.approx(logged[0]["outputs"], abs=1e-6)


def kill_at(moment: Callable[[], bool], bundle: Path, source: Path, out: Path, prediction_log: Path) -> int:
    """Run it, kill it by SIGKILL when the moment has come, and see that its processes end by themselves."""
    command = [sys.executable, "-c", AGAIN, str(bundle), str(source), str(out), str(prediction_log)]
    log = out.with_suffix(".log")
    with log.open("w") as file:
        process = subprocess.Popen(command, env={**os.environ, "PYTHONPATH": str(ROOT)}, stderr=file)
    family: list[psutil.Process] = []
    while process.poll() is None and not moment():
        time.sleep(0.0005)
    if process.poll() is None:
        family = psutil.Process(process.pid).children(recursive=True)
    process.kill()
    status = process.wait()
    assert psutil.wait_procs(family, timeout=20)[1] == [], "processes are left"
    assert status in (-9, 0), log.read_text()
    return status


def count(parts: Path) -> int:
    with suppress(FileNotFoundError):  # it begins anew just now
        return len(list(parts.glob("[0-9]*.parquet")))
    return 0


def test_it_is_done_once_for_each_source_and_version(digits_bundle: Path, digits: Path, tmp_path: Path) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    for place, path in enumerate(sorted(digits.rglob("*.png"))[:3]):
        (folder / f"{place}.png").write_bytes(path.read_bytes())
    out = tmp_path / "out.parquet"
    assert score(digits_bundle, "1", folder, out, workers=1).before == 0
    written = out.stat().st_mtime_ns
    assert score(digits_bundle, "1", folder, out, workers=1).before == 3
    assert out.stat().st_mtime_ns == written
    assert score(digits_bundle, "2", folder, out, workers=1).before == 0
    (folder / "3.png").write_bytes((folder / "0.png").read_bytes())
    assert score(digits_bundle, "2", folder, out, workers=1).rows == 4
    assert [path.name for path in tmp_path.glob("*out*")] == ["out.parquet"]


def test_what_makes_no_sense_is_one_line_and_leaves_nothing(digits_bundle: Path, digits: Path, tmp_path: Path) -> None:
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "a.png").write_bytes(b"no picture")
    with pytest.raises(DataError, match="none of the 1 rows can be read; the first: not a PNG"):
        score(digits_bundle, "1", tmp_path / "bad", tmp_path / "out.parquet", workers=1)
    with pytest.raises(ConfigError, match="inside of what is scored"):
        score(digits_bundle, "1", digits, digits / "out.parquet")
    with pytest.raises(ConfigError, match="a folder is there"):
        score(digits_bundle, "1", digits, tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match=r"file.*: Not a directory; see to it, and the same command goes on"):
        score(digits_bundle, "1", digits, tmp_path / "file" / "out.parquet")
    assert list(tmp_path.glob("*out*")) == []


def test_the_flow_scores_with_the_champion(trained: Project, digits: Path, prefect_url: str) -> None:
    command = ["python", "-m", "flows.score"]
    said = trained.fail(*command, "digits", "nowhere")
    assert said.endswith("error: nowhere: no such file or folder\n")
    said = trained.fail(*command, "digits", str(digits), "--shard", "")  # a variable that is not set: not all rows
    assert said.endswith("error: --shard : expected i/n with i from 0 to n - 1, as 0/16 or 15/16\n")
    registered("digits")
    options = ("--out", "scores.parquet", "--log")
    said = trained.run(*command, "digits", str(digits), *options, PREFECT_API_URL=prefect_url)
    assert "600 scored" in said
    logged = trained.run("python", "-m", "flows.log", "digits")
    assert re.search(r"│ 1 +│ 0 +│ 600 +│ 0 +│", logged)  # of callers, of score, of page and smoke
    assert "version 1, accuracy" in said
    table = pq.read_table("scores.parquet")
    right = [f"{label}/" in id for id, label in zip(*table.select(["id", "label"]).to_pydict().values(), strict=True)]
    assert sum(right) > 500
