import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from components.config.errors import DataError
from components.kinds.prepared import SPLITS, PreparedData
from components.kinds.text import codec
from components.kinds.text.codec.characters import decode
from components.kinds.text.codec.input import Input
from components.kinds.text.overview import overview
from components.kinds.text.params import Prepare
from components.kinds.text.params.columns import find_columns
from components.kinds.text.relabelling import raw_records
from tests.own_data import STRANGE, messages
from tests.unit.kinds.text.conftest import Prepared


def test_every_class_is_in_every_split_and_strangers_in_none(texts: PreparedData[Input]) -> None:
    assert texts.classes == ("song", "timer", "transfer", "weather")
    assert sum(texts.counts.values()) == len(messages()) - len(STRANGE)
    for split in SPLITS:
        assert np.unique(texts.labels(split)).tolist() == [0, 1, 2, 3]
    strangers = texts.strangers()
    assert strangers is not None
    assert sorted(map(decode, strangers)) == sorted(STRANGE)
    assert texts.drawn
    assert (codec.none(texts.input), codec.none({"length": 128, "words": 24})) == ("other", None)
    assert "10 texts are 'other', none of the classes" in overview(texts).read


def test_splits_are_as_a_column_says_and_chance_draws_the_missing_one(tmp_path: Path, prepared: Prepared) -> None:
    frame = messages()
    frame["split"] = ["test" if row % 4 == 0 else "train" for row in range(len(frame))]
    frame.loc[len(frame)] = ["set a timer for two minutes!", "timer", "train"]  # new: a sign tells it from the other
    frame.to_parquet(tmp_path / "a.parquet")
    data = prepared(tmp_path / "a.parquet", none="other")
    test = {decode(text) for text in data.inputs("test")}
    wanted = frame[(frame["split"] == "test") & (frame["intent"] != "other")]
    assert len(test) == len(wanted)
    assert data.counts["validation"] > 0
    assert not data.drawn


def test_what_one_author_wrote_is_in_one_split_and_who_has_none_stands_alone(
    tmp_path: Path, prepared: Prepared
) -> None:
    authors = [f"author {number}" for number in range(30)]
    frame = pd.DataFrame({"text": [f"{author} writes line {line}" for author in authors for line in range(8)]})
    frame["label"] = ["a" if row % 2 else "b" for row in range(len(frame))]
    frame["author"] = [author for author in authors for _ in range(8)]
    frame["author"] = [None if author == authors[0] else author for author in frame["author"]]
    frame.to_parquet(tmp_path / "a.parquet")
    data = prepared(tmp_path / "a.parquet", group="author")
    wrote = {split: [decode(text).split(" writes")[0] for text in data.inputs(split)] for split in SPLITS}
    assert sum(len(some) for some in wrote.values()) == len(frame)
    places = {author: {split for split, some in wrote.items() if author in some} for author in authors}
    assert all(len(there) == 1 for author, there in places.items() if author != authors[0])
    assert len(places[authors[0]]) > 1
    assert len(set(wrote["test"])) >= 2
    assert any("the group 'author'" in line for line in overview(data).read)


def test_copies_of_test_texts_are_not_learned_from(tmp_path: Path, prepared: Prepared) -> None:
    frame = pd.DataFrame(
        {
            "text": ["good", "bad", "fine", "awful", "GOOD", "nice", "poor", "", None],
            "label": ["a", "b", "a", "b", "a", "a", "b", "a", "b"],
            "split": ["test", "test", "train", "train", "train", "dev", "dev", "train", "train"],
        }
    )
    frame.to_parquet(tmp_path / "a.parquet")
    data = prepared(tmp_path / "a.parquet")
    assert [decode(text) for text in data.inputs("train")] == ["fine", "awful"]
    found = {finding.name: finding.count for finding in overview(data).lost}
    assert found == {"copies of test texts": 1, "empty": 2}


def test_a_detection_and_a_regression_are_told_from_labels(tmp_path: Path, prepared: Prepared) -> None:
    frame = pd.DataFrame({"text": [f"text number {row}" for row in range(40)]})
    frame["label"] = ["spam" if row % 4 == 0 else "ham" for row in range(40)]
    frame.to_csv(tmp_path / "a.csv", index=False)
    with pytest.raises(DataError, match=r"write in prepare\.positive which is to be found"):
        prepared(tmp_path / "a.csv", "detection")
    (tmp_path / "prepared").rmdir()
    assert prepared(tmp_path / "a.csv", positive="spam").classes == ("ham", "spam")


@pytest.mark.parametrize(
    ("columns", "keys", "task", "told"),
    [
        ({"title": "x", "label": "a"}, {}, None, "prepare.text: no column is called as the text usually is: write one"),
        ({"text": "x", "label": "a"}, {"label": "lab"}, None, "prepare.label: there is no column 'lab': write one of"),
        ({"text": "x", "label": "a"}, {"group": "by"}, None, "prepare.group: there is no column 'by': write one of"),
        ({"text": "x", "label": "a"}, {"group": "label"}, None, "prepare.label and prepare.group"),
        ({"text": "x", "label": "a"}, {}, None, "all texts have the label 'a': there is nothing to tell"),
        ({"text": "x", "label": "a"}, {}, "anomaly", "task: anomaly: of texts classification, detection or regression"),
        ({"text": "x", "label": "a"}, {}, "regression", "a regression tells numbers"),
        ({"text": " ", "label": "a"}, {}, None, "no text has a label"),
        ({"text": "x", "label": "a", "split": "monday"}, {}, None, "prepare.split: 'monday' is no split"),
        ({"text": "x", "label": "a", "subset": "monday"}, {"split": "subset"}, None, "prepare.split: 'monday' is no"),
        ({"text": "x", "label": "a"}, {"text": "label"}, None, "prepare.text and prepare.label are both the column"),
        ({"text": "x", "intent": "a", "topic": "b"}, {}, None, "prepare.label: 'intent' or 'topic' may be the label"),
    ],
)
def test_what_cannot_be_prepared_is_told_in_a_line(
    columns: dict[str, str], keys: dict[str, str], task: str | None, told: str, tmp_path: Path, prepared: Prepared
) -> None:
    pd.DataFrame([columns] * 3).to_csv(tmp_path / "a.csv", index=False)
    with pytest.raises(DataError, match=told):
        prepared(tmp_path / "a.csv", task, **keys)


def test_labels_are_put_right_by_the_names_that_people_are_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, prepared: Prepared
) -> None:
    monkeypatch.chdir(tmp_path)
    frame = messages()
    frame.to_csv("a.csv", index=False)
    row = int(frame.index[frame["intent"] == "song"][0])
    Path("data/corrections").mkdir(parents=True)
    Path("data/corrections/a.csv").write_text(f"name,given,label,by,at\na.csv:{row},song,timer,me,\n")
    data = prepared(Path("a.csv"), corrections="data/corrections/a.csv")
    (record,) = raw_records(tmp_path / "records.parquet", np.array([row]), Prepare())
    assert (record.name, record.label, record.shown) == (f"a.csv:{row}", "song", {"text": frame["utterance"][row]})
    rows, labels = (np.concatenate([data.array(split, name) for split in SPLITS]) for name in ("rows", "labels"))
    assert data.classes[int(labels[rows == row][0])] == "timer"
    assert "1 labels are corrected" in json.loads((data.path / "report.json").read_text())["read"][2]


def test_a_column_that_is_called_as_the_role_wins_and_how_it_is_written_does_not_matter() -> None:
    assert find_columns(["Topic", " Text ", "Label", "query"], Prepare()) == (" Text ", "Label", None, None)
    assert find_columns(["subset", "user_query", "Query", "intent"], Prepare()) == ("Query", "intent", "subset", None)


def test_a_column_that_only_sounds_like_splits_is_none(tmp_path: Path, prepared: Prepared) -> None:
    messages().assign(subset="web").to_csv(tmp_path / "a.csv", index=False)
    data = prepared(tmp_path / "a.csv", none="other")
    assert data.drawn
    assert "'subset' says no split (as 'web'), so chance draws them" in overview(data).read


def test_what_a_column_is_read_as_and_which_are_not_is_said(tmp_path: Path, prepared: Prepared) -> None:
    messages().assign(when="2024").to_csv(tmp_path / "a.csv", index=False)
    said = overview(prepared(tmp_path / "a.csv", none="other")).read[0]
    assert said == "the text is 'utterance', the label 'intent'; not read: 'when'"


def test_a_split_without_a_text_is_refused(tmp_path: Path, prepared: Prepared) -> None:
    messages().assign(split="test").to_csv(tmp_path / "a.csv", index=False)
    with pytest.raises(DataError, match=r"no text is left for the train split, of .* bring more, or give each split"):
        prepared(tmp_path / "a.csv")


def test_labels_that_differ_in_case_alone_are_asked_about_and_forms_of_unicode_are_one(
    tmp_path: Path, prepared: Prepared
) -> None:
    frame = pd.DataFrame({"text": [f"number {row}" for row in range(40)]})
    frame.assign(label=["spam", "ham", "Spam", "ham"] * 10).to_csv(tmp_path / "a.csv", index=False)
    with pytest.raises(DataError, match=r"'Spam' \(10\) and 'spam' \(10\) differ in case alone: write both"):
        prepared(tmp_path / "a.csv")
    (tmp_path / "prepared").rmdir()
    frame.assign(label=["cafe\u0301 ", "ham", "caf\u00e9", "ham"] * 10).to_csv(tmp_path / "a.csv", index=False)
    assert prepared(tmp_path / "a.csv", positive="cafe\u0301").classes == ("ham", "caf\u00e9")


def test_numbers_that_are_missing_in_words_are_no_labels_of_a_regression(tmp_path: Path, prepared: Prepared) -> None:
    frame = pd.DataFrame({"text": [f"number {row}" for row in range(60)], "label": [str(row) for row in range(60)]})
    frame.loc[7, "label"] = "n/a"
    frame.to_csv(tmp_path / "a.csv", index=False)
    with pytest.raises(DataError, match="60 labels of 60 texts are no classes: name another"):
        prepared(tmp_path / "a.csv")
    frame.drop(7).to_csv(tmp_path / "b.csv", index=False)
    (tmp_path / "prepared").rmdir()
    with pytest.raises(DataError, match="59 labels of 59 texts are no classes: write task: regression"):
        prepared(tmp_path / "b.csv")
    (tmp_path / "prepared").rmdir()
    data = prepared(tmp_path / "a.csv", "regression")
    assert sum(data.counts.values()) == 59
    assert {finding.name: finding.count for finding in overview(data).lost} == {"without a label": 1}
