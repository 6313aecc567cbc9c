from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from components.config.errors import DataError
from components.kinds.raw import DataSet, Origin
from components.kinds.text.source import open as open_source
from tests.own_data import messages


def read(source: Path, inbox: Path | None = None) -> pd.DataFrame:
    raw = open_source(Origin(str(source), None, inbox))
    return pa.Table.from_batches(raw.batches, raw.schema).to_pandas()


def test_a_csv_and_a_parquet_file_say_the_same(tmp_path: Path) -> None:
    frame = messages()
    frame.to_csv(tmp_path / "a.csv", index=False, sep=";")
    frame.to_parquet(tmp_path / "a.parquet")
    one, other = read(tmp_path / "a.csv"), read(tmp_path / "a.parquet")
    assert one["utterance"].tolist() == other["utterance"].tolist() == frame["utterance"].tolist()
    assert one["name"][3] == "a.csv:3"


def test_a_folder_has_a_folder_of_texts_for_each_label(tmp_path: Path) -> None:
    for label, text in (("spam", "Gewinnen Sie!"), ("ham", "Bis später")):
        (tmp_path / label / "deep").mkdir(parents=True)
        (tmp_path / label / "deep" / "1.txt").write_text(text)
        (tmp_path / label / "._1.txt").write_bytes(b"\0\5")
    found = read(tmp_path)
    assert found.to_dict("records") == [
        {"text": "Bis später", "label": "ham", "name": "ham/deep/1.txt"},
        {"text": "Gewinnen Sie!", "label": "spam", "name": "spam/deep/1.txt"},
    ]


def test_what_came_later_is_named_as_the_inbox(tmp_path: Path) -> None:
    messages().to_csv(tmp_path / "a.csv", index=False)
    (tmp_path / "inbox").mkdir()
    messages().head(3).to_csv(tmp_path / "inbox" / "b.csv", index=False)
    assert read(tmp_path / "a.csv", tmp_path / "inbox")["name"].iloc[-1] == "inbox/b.csv:2"


def test_a_public_data_set_is_one_file_of_sentences(tmp_path: Path) -> None:
    (tmp_path / "all.json").write_text('{"train": [["hi there", "greet"]], "oos": [["why", "oos"]], "more": []}')
    settings = {"splits": {"train": "train", "oos": "test"}}
    raw = open_source(Origin("x", DataSet("clinc", {"sentences": tmp_path / "all.json"}, (), settings), None))
    assert pa.Table.from_batches(raw.batches, raw.schema).to_pylist() == [
        {"text": "hi there", "label": "greet", "split": "train", "name": "train:0"},
        {"text": "why", "label": "oos", "split": "test", "name": "oos:0"},
    ]


def test_what_is_no_source_is_told_in_a_line(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such file or folder: set source to a CSV or Parquet file"):
        read(tmp_path / "missing")
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="no text there: set source to"):
        read(tmp_path / "empty")
    (tmp_path / "two").mkdir()
    pd.DataFrame({"text": ["a"], "label": ["b"]}).to_csv(tmp_path / "two" / "a.csv", index=False)
    pd.DataFrame({"text": ["a"], "class": ["b"]}).to_csv(tmp_path / "two" / "b.csv", index=False)
    with pytest.raises(DataError, match="class, label: not a column of every file"):
        read(tmp_path / "two")
    pq.write_table(pa.table({"text": [["a", "b"]]}), tmp_path / "odd.parquet")
    with pytest.raises(DataError, match=r"odd\.parquet"):
        read(tmp_path / "odd.parquet")
