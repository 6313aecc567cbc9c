import json
import re
import shutil
from collections import Counter
from pathlib import Path
from urllib.parse import unquote, urlsplit

import mlflow.artifacts
import pytest

from components.config.errors import BundleError
from components.config.settings import artifacts
from components.inference.engine.model import CARD, CARD_PAGE, CARD_TEXT
from components.inference.examples import EXAMPLES, examples, read_examples
from components.kinds.image import codec
from components.kinds.prepared import open_prepared
from components.registry.card import card_contents, keep_card
from components.registry.register import register
from components.registry.version import Version
from components.system.files import read_json, write_json
from components.tracking.store import open_store
from tests.conftest import Project
from tests.registering import evaluated, promoted


def test_a_card_says_what_the_registry_knows(trained: Project) -> None:
    version, _ = register("digits")
    told = json.loads(json.dumps(card_contents(version)))
    metrics = read_json(artifacts("digits", "report") / "metrics.json")
    first = told["metrics"][0]
    assert first == {
        "name": "accuracy",
        "model": metrics["accuracy"],
        "baseline": metrics["baseline_accuracy"],
        "decides": True,
    }
    assert [one["name"] for one in told["metrics"] if one["decides"]] == ["accuracy"]
    assert told["parameters"]["epochs"] == "10"
    assert "auto" not in told["parameters"].values()
    counts = open_prepared(artifacts("digits", "prepared")).counts
    assert told["data"]["examples"] == counts
    assert told["version"] == version.number
    assert told["trained"].startswith("20")


def test_a_card_names_ones_own_data_but_not_where_it_lies(trained: Project, digits: Path) -> None:
    told = card_contents(register("digits")[0])
    assert told["data"]["title"] == digits.name
    assert str(digits.parent) not in json.dumps(told)


def test_a_card_follows_what_a_person_writes_in_the_registry(trained: Project) -> None:
    version, _ = register("digits")
    open_store("digits").client.update_registered_model("digits", "Which digit is it?")
    assert card_contents(version)["description"] == "Which digit is it?"


def test_a_card_names_a_public_data_set_with_its_licence(payments: Project) -> None:
    data = card_contents(register("payments")[0])["data"]
    assert (data["title"], data["licence"]) == ("few", "made here")


def test_a_card_says_what_each_column_of_a_table_is_worth_and_costs(payments: Project) -> None:
    version, _ = register("payments")
    keep_card(version)
    columns = {one["name"]: one for one in version.card()["measured"]["columns"]}
    assert set(columns) == {"amount", "time", "customer_id", "terminal_id"}
    assert sum(one["features"] for one in columns.values()) == len(
        open_prepared(artifacts("payments", "prepared")).input["features"]
    )
    assert max(columns, key=lambda name: columns[name]["lost"]) == next(iter(columns))
    assert columns["amount"]["lost"] > columns["time"]["lost"]
    assert columns["terminal_id"]["microseconds"] > columns["amount"]["microseconds"]  # it asks a database


def test_a_card_is_kept_with_its_version_and_says_how_sure_it_is(trained: Project) -> None:
    version, _ = register("digits")
    promoted(version)
    files = keep_card(version)
    told = version.card()
    assert told == json.loads(json.dumps(files[CARD]))
    measured = {one["name"]: one for one in told["measured"]["metrics"]}
    assert set(measured) == {"accuracy", "macro_f1", "log_loss", "brier_score"}
    for one in told["metrics"]:
        if one["name"] in measured:
            assert measured[one["name"]]["value"] == pytest.approx(one["model"])
            assert measured[one["name"]]["low"] < one["model"] < measured[one["name"]]["high"]
    assert {f"class: digit-{digit}" for digit in range(10)} <= {one["name"] for one in told["measured"]["slices"]}
    assert all(len(curve["values"]) == 4 for curve in told["measured"]["robustness"])
    assert [(entry["what"], entry["to"]) for entry in told["history"]] == [("promoted", version.number)]
    assert "## The data" in files[CARD_TEXT]
    stored = Path(mlflow.artifacts.download_artifacts(f"models:/digits/{version.number}/{CARD_PAGE}"))
    assert stored.read_text() == files[CARD_PAGE]
    assert files[CARD_PAGE].count("data:image/png;base64,") == 4  # what the evaluation drew


def test_a_card_that_was_cut_short_is_finished_and_what_was_measured_stays(trained: Project) -> None:
    version, _ = register("digits")
    before = keep_card(version)
    stored = _artifact(version, CARD)
    written = stored.stat().st_mtime_ns
    assert keep_card(version) == before
    assert stored.stat().st_mtime_ns == written  # nothing new, nothing stored
    shutil.rmtree(artifacts("digits", "prepared"))  # as on a machine without the data
    assert keep_card(version)[CARD]["measured"] == before[CARD]["measured"]
    stored.unlink()
    _artifact(version, CARD_PAGE).write_text("<half")
    after = keep_card(version)
    assert "measured" not in after[CARD]
    assert _artifact(version, CARD_PAGE).read_text() == after[CARD_PAGE]
    assert version.card() == json.loads(json.dumps(after[CARD]))


def test_the_card_in_brief_is_above_the_version_and_above_its_run(trained: Project) -> None:
    version, _ = register("digits")
    assert described(version)[0].startswith("accuracy 0.")
    keep_card(version)
    assert described(version)[0].startswith("**digits 1: not judged**\n\nOn the test split")
    evaluated(version)
    told = keep_card(version)[CARD]
    above, run = described(version)
    assert above == run
    lines = above.splitlines()
    assert re.match(r"\*\*digits 1: passed( with warnings)?\*\*, version 1 is the first champion", lines[0])
    assert [line for line in lines if re.match(r"\| Accuracy \| 0\.\d{4} \| 0\.\d{4} to 0\.\d{4} \| 0\.\d{4} \|", line)]
    worst = sorted(told["measured"]["slices"], key=lambda one: one["value"])[:5]
    rows = [line.split(" | ")[0].removeprefix("| ") for line in lines if line.startswith("| class: ")]
    assert rows == [one["name"] for one in worst]
    where = lines[-1].split()[-1]
    assert Path(mlflow.artifacts.download_artifacts(where)).name == CARD_PAGE


def test_what_a_person_has_said_of_a_version_stays(trained: Project) -> None:
    version, _ = register("digits")
    client = open_store("digits").client
    client.update_model_version("digits", version.number, "for the fair")
    keep_card(version)
    above, run = described(version)
    assert above == "for the fair"
    assert run.startswith("**digits 1: ")


def test_a_metric_that_is_no_share_has_an_interval_by_resampling(payments: Project) -> None:
    told = keep_card(register("payments")[0])[CARD]
    metrics = {one["name"]: one for one in told["measured"]["metrics"]}
    assert {"average_precision", "roc_auc", "log_loss", "brier_score", "precision", "recall"} <= set(metrics)
    for one in told["metrics"]:
        if one["name"] in metrics:
            assert metrics[one["name"]]["value"] == pytest.approx(one["model"])
    assert metrics["average_precision"]["low"] <= metrics["average_precision"]["value"]
    assert metrics["average_precision"]["value"] <= metrics["average_precision"]["high"]
    assert told["measured"]["calibration"]


def test_what_a_person_says_in_params_is_on_the_card_as_it_is_said_today(trained: Project) -> None:
    version, _ = register("digits")
    trained.params("    gate:", "    card: {intended: To read <digits>., not_for: [Cheques]}\n    gate:")
    files = keep_card(version)
    assert files[CARD]["not_for"] == ["Cheques"]
    assert "To read &lt;digits&gt;." in files[CARD_PAGE]
    assert "To read \\<digits\\>." in files[CARD_TEXT]


def described(version: Version) -> tuple[str, str]:
    """Return the descriptions of the version and of its run."""
    client = open_store(version.workload).client
    above = client.get_model_version(version.workload, version.number).description
    return above, client.get_run(version.run_id).data.tags.get("mlflow.note.content", "")


def _artifact(version: Version, name: str) -> Path:
    client = open_store(version.workload).client
    source = client.get_model_version(version.workload, version.number).source
    location = client.get_logged_model(source.removeprefix("models:/")).artifact_location
    return Path(unquote(urlsplit(location).path), name)


def test_examples_hold_each_class_and_come_back_as_they_were(trained: Project, tmp_path: Path) -> None:
    data = open_prepared(artifacts("digits", "prepared"))
    write_json(tmp_path / EXAMPLES, examples(data))
    kept = read_examples(tmp_path)
    assert sorted(one["name"] for one in kept) == sorted(data.classes)
    held_out = data.inputs("test")
    for one in kept:
        decoded = codec.decode(one["row"], data.input)
        (place,) = [place for place in range(len(held_out)) if (held_out[place] == decoded).all()]
        assert data.classes[data.labels("test")[place]] == one["name"]


def test_examples_of_a_table_are_records_of_both_classes(payments: Project, tmp_path: Path) -> None:
    data = open_prepared(artifacts("payments", "prepared"))
    write_json(tmp_path / EXAMPLES, examples(data))
    kept = read_examples(tmp_path)
    there = Counter(data.labels("test").tolist())
    assert Counter(one["name"] for one in kept) == {name: min(5, there[i]) for i, name in enumerate(data.classes)}
    assert {"amount", "time", "customer_id"} <= set(kept[0]["row"])


@pytest.mark.parametrize("count", [1, 3])
def test_no_more_examples_than_asked_for(count: int, trained: Project) -> None:
    assert len(examples(open_prepared(artifacts("digits", "prepared")), count)) == count


def test_a_bundle_may_have_no_examples(tmp_path: Path) -> None:
    assert read_examples(tmp_path) == []


@pytest.mark.parametrize("content", ["[", "[1]", '[{"name": "cup"}]', '{"row": {}}', '[{"row": {"picture": {}}}]'])
def test_broken_examples_are_named_in_one_line(content: str, tmp_path: Path) -> None:
    (tmp_path / EXAMPLES).write_text(content)
    with pytest.raises(BundleError, match=r"examples.json: not what it should be \(.+\)$"):
        read_examples(tmp_path)
