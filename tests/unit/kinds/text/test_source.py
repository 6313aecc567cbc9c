from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from components.config.errors import DataError
from components.kinds.raw import DataSet, Origin
from components.kinds.text.params.columns import NAME
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
    assert one[NAME][3] == "a.csv:3"


def test_a_folder_has_a_folder_of_texts_for_each_label(tmp_path: Path) -> None:
    for label, text in (("spam", "Gewinnen Sie!"), ("ham", "Bis später")):
        (tmp_path / label / "deep").mkdir(parents=True)
        (tmp_path / label / "deep" / "1.txt").write_text(text)
        (tmp_path / label / "._1.txt").write_bytes(b"\0\5")
    found = read(tmp_path)
    assert found.to_dict("records") == [
        {"text": "Bis später", "label": "ham", NAME: "ham/deep/1.txt"},
        {"text": "Gewinnen Sie!", "label": "spam", NAME: "spam/deep/1.txt"},
    ]


def test_what_came_later_is_named_as_the_inbox(tmp_path: Path) -> None:
    messages().to_csv(tmp_path / "a.csv", index=False)
    (tmp_path / "inbox").mkdir()
    messages().head(3).to_csv(tmp_path / "inbox" / "b.csv", index=False)
    assert read(tmp_path / "a.csv", tmp_path / "inbox")[NAME].iloc[-1] == "inbox/b.csv:2"


def test_a_public_data_set_is_one_file_of_sentences(tmp_path: Path) -> None:
    (tmp_path / "all.json").write_text('{"train": [["hi there", "greet"]], "oos": [["why", "oos"]], "more": []}')
    settings = {"splits": {"train": "train", "oos": "test"}}
    raw = open_source(Origin("x", DataSet("clinc", {"sentences": tmp_path / "all.json"}, (), settings), None))
    assert pa.Table.from_batches(raw.batches, raw.schema).to_pylist() == [
        {"text": "hi there", "label": "greet", "split": "train", NAME: "train:0"},
        {"text": "why", "label": "oos", "split": "test", NAME: "oos:0"},
    ]


def test_what_is_no_source_is_told_in_a_line(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such file or folder: set source to a CSV, Parquet or JSON Lines file"):
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


def test_a_column_called_name_is_the_users_own(tmp_path: Path) -> None:
    messages().rename(columns={"utterance": "name"}).to_csv(tmp_path / "a.csv", index=False)
    assert read(tmp_path / "a.csv")["name"].tolist() == messages()["utterance"].tolist()


def test_answers_that_an_older_version_kept_are_read(tmp_path: Path) -> None:
    messages().to_csv(tmp_path / "a.csv", index=False)
    pq.write_table(pa.table({"utterance": ["hi"], "intent": ["song"], "name": ["live/1"]}), tmp_path / "live.parquet")
    raw = open_source(Origin(str(tmp_path / "a.csv"), None, None, tmp_path / "live.parquet"))
    assert pa.Table.from_batches(raw.batches, raw.schema).to_pylist()[-1] == {
        "utterance": "hi",
        "intent": "song",
        NAME: "live/1",
    }


def test_columns_that_hold_no_texts_stay_away_and_are_named(tmp_path: Path) -> None:
    table = pa.Table.from_pandas(messages(), preserve_index=False)
    table = table.append_column("vector", pa.array([[1.0]] * len(table)))
    pq.write_table(table.append_column("bytes", pa.array([b"\xff"] * len(table))), tmp_path / "a.parquet")
    raw = open_source(Origin(str(tmp_path / "a.parquet"), None, None))
    assert raw.schema.names == ["utterance", "intent", NAME]
    assert raw.about["ignored"] == [
        f"{tmp_path}/a.parquet: vector, list<element: double>",
        f"{tmp_path}/a.parquet: bytes, binary",
    ]


def write(folder: Path, files: dict[str, bytes]) -> None:
    for name, said in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(said)


@pytest.mark.parametrize("name", ["utf-8-sig", "utf-16", "utf-16-le", "latin-1"])
def test_files_of_texts_are_read_in_the_encoding_that_they_are_in(name: str, tmp_path: Path) -> None:
    texts = ["Stra\u00dfe f\u00fcr Stra\u00dfe", "na\u00efve Fran\u00e7oise"]
    write(tmp_path, {f"{label}/1.txt": text.encode(name) for label, text in zip("ab", texts, strict=True)})
    write(tmp_path, {"c/1.txt": b"plain"})
    assert read(tmp_path)["text"].tolist() == [*texts, "plain"]


def test_an_encoding_that_cannot_be_told_is_refused_by_the_file(tmp_path: Path) -> None:
    write(tmp_path, {"a/1.txt": b"\xe1", "a/2.txt": b"\xe9\xe8", "b/1.txt": b"plain"})
    with pytest.raises(DataError, match=r"a/1\.txt, one of 2 that are not in UTF-8: .*write it again in UTF-8"):
        read(tmp_path)


def test_folders_that_are_splits_are_no_labels(tmp_path: Path) -> None:
    write(tmp_path / "s", {f"{s}/{label}/1.txt": b"hi" for s in ("train", "test") for label in ("neg", "pos")})
    found = read(tmp_path / "s")
    assert found[["label", "split"]].to_numpy().tolist() == [
        ["neg", "test"],
        ["pos", "test"],
        ["neg", "train"],
        ["pos", "train"],
    ]
    write(tmp_path / "inbox", {"pos/1.txt": b"later"})
    assert read(tmp_path / "s", tmp_path / "inbox")["split"].isna().tolist() == [False] * 4 + [True]


def test_tables_beside_folders_of_texts_are_asked_about_and_other_files_named(tmp_path: Path) -> None:
    write(tmp_path, {"a/1.txt": b"hi", "b/1.txt": b"ho", "README.md": b"mine", "stray.txt": b"lost"})
    raw = open_source(Origin(str(tmp_path), None, None))
    assert raw.about["ignored"] == [f"{tmp_path}/README.md", f"{tmp_path}/stray.txt"]
    write(tmp_path, {"index.csv": b"text,label\nhi,a\n"})
    with pytest.raises(DataError, match=r"there are tables, as index\.csv, and folders of \.txt files, as a: move"):
        read(tmp_path)


def test_folders_that_may_be_labels_or_not_are_asked_about(tmp_path: Path) -> None:
    write(tmp_path, {"all/a/1.txt": b"hi", "all/b/1.txt": b"ho"})
    with pytest.raises(DataError, match=r"all lies in the folder 'all', in a, b: set source to .*/all$"):
        read(tmp_path)
