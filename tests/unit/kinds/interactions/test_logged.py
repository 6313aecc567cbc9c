"""What somebody took of what was suggested becomes an interaction of the source, whatever the source's columns are."""

import json
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from components.kinds.interactions import logged
from components.kinds.interactions.codec.input import Input
from components.kinds.interactions.codec.seed import SEED, read_seed
from components.kinds.interactions.params import Prepare, Workload
from components.kinds.interactions.prepare import prepare
from components.kinds.interactions.source import open as open_source
from components.kinds.logged import LoggedRow
from components.kinds.prepared import PreparedData, open_prepared
from components.kinds.raw import Origin
from components.system.files import read_json

WHEN = datetime(2026, 3, 1, 12, 30, 15, 250_000, tzinfo=UTC)
HOURS = pd.Series(pd.date_range("2025-01-01", periods=60, freq="h"))
COLUMNS = {
    "moments": HOURS,
    "seconds": HOURS.astype("datetime64[s]").astype("int64"),
    "narrow seconds": HOURS.astype("datetime64[s]").astype("int64").astype("int32"),
    "milliseconds": HOURS.astype("datetime64[ms]").astype("int64"),
    "texts": HOURS.astype(str),
    "texts with a zone": HOURS.astype(str) + "+02:00",
    "texts of numbers": HOURS.astype("datetime64[s]").astype("int64").astype(str),
}
ANSWERED = [
    LoggedRow("a", {"user": "7", "recent": []}, np.zeros(3), "3", WHEN, 0.25),
    LoggedRow("b", {"recent": []}, np.zeros(3), "4", WHEN, 0.5),
    LoggedRow("c", {"user": "no number"}, np.zeros(3), "4", WHEN, 0.5),
    LoggedRow("d", {"user": "8"}, np.zeros(3), "1", WHEN, None),
]


def _workload(**keys: object) -> Workload:
    section = {"kind": "interactions", "source": "taken.parquet", "prepare": keys, "train": {}}
    return Workload.model_validate(section)


def _prepared(frame: pd.DataFrame, folder: Path, **keys: object) -> PreparedData[Input]:
    """Return what becomes of a source and of the four answers."""
    frame.to_parquet(folder / "taken.parquet")
    workload = _workload(**keys)
    schema = open_source(Origin(str(folder / "taken.parquet"), None, None)).schema
    pq.write_table(logged.raw(ANSWERED, schema, workload), folder / "live.parquet")
    raw = open_source(Origin(str(folder / "taken.parquet"), None, None, folder / "live.parquet"))
    said = raw.schema.with_metadata({"journeyman": json.dumps(raw.about)})
    pq.write_table(pa.Table.from_batches(raw.batches, raw.schema).cast(said), folder / "records.parquet")
    (folder / "out").mkdir()
    prepare(folder / "records.parquet", folder / "out", Prepare.model_validate(keys), folder / "schema.yaml")
    return open_prepared(folder / "out")


@pytest.mark.parametrize("form", COLUMNS)
def test_it_comes_last_in_time_whatever_the_form_of_times(form: str, tmp_path: Path) -> None:
    users, items = np.arange(60) % 10, np.arange(60) % 13
    frame = pd.DataFrame({"user": users, "item": items, "time": COLUMNS[form], "channel": "web"})
    data = _prepared(frame, tmp_path)
    seed = read_seed(data.serving / SEED)
    assert (seed.users[-2:].tolist(), seed.items[-2:].tolist()) == (["7", "8"], ["3", "1"])
    ms = int(WHEN.timestamp() * 1000)
    assert seed.times[-2:].tolist() == [ms - 250 if form == "narrow seconds" else ms] * 2
    assert seed.times[-3] < ms - 300 * 86_400_000
    report = read_json(data.path / "report.json")
    assert report["findings"]["without a user"]["count"] == 2
    assert any("4 interactions are of what was suggested at work" in said for said in report["read"])


def test_what_is_taken_is_liked_and_has_the_probability_of_its_label(tmp_path: Path) -> None:
    users, items = np.arange(60) % 10, np.arange(60) % 13
    frame = pd.DataFrame({"user": users, "item": items, "time": HOURS, "stars": 5, "shown_with": 0.5})
    data = _prepared(frame, tmp_path, value="stars", least=4.0, propensity="shown_with")
    found = {name: data.array("test", name) for name in ("propensity", "times")}
    assert found["propensity"][-1] == 0.25
    assert found["times"][-1] == int(WHEN.timestamp() * 1000)
    assert read_json(data.path / "report.json")["findings"]["without a shown_with"]["count"] == 1


def test_a_list_that_nothing_was_taken_from_is_no_interaction() -> None:
    assert not logged.takes_unlabelled(_workload())
