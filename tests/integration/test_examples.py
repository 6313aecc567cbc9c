"""The examples that a Bento offers are its version's own, whatever lies in the workspace when it is packaged."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from components.config.settings import artifacts
from components.inference.bundle import read_about
from components.inference.sample_requests import is_own, requests
from components.kinds.prepared import open_prepared
from components.registry.examples import version_examples
from components.registry.register import register
from components.registry.version import Version
from components.system.files import read_json, write_json
from components.tracking.store import open_store
from components.training.served import bundle_path
from tests.conftest import Project

PACKAGE = """
import sys
from flows.release import package_champion
from components.inference.package import packaged_bundle
from components.registry.version import get_version
found = get_version("digits", "1")
bundle, _ = package_champion.fn(found)
print(packaged_bundle(bundle, "digits", "1"))
"""
LARGE = {"height": 16, "width": 16}


def test_after_the_workspace_has_changed_a_version_is_packaged_as_it_was(trained: Project) -> None:
    register("digits")
    before = packaged(trained)
    assert len(json.loads(before["examples.json"])) == 10
    (trained.path / "state" / "bentoml").rename(trained.path / "lost")
    describe("digits", **LARGE)
    assert packaged(trained) == before
    shutil.rmtree(trained.path / "state" / "bentoml")
    shutil.rmtree(artifacts("digits", "prepared"))  # who rolls back may have no data at hand
    assert packaged(trained) == before


def test_a_version_without_kept_examples_has_todays_where_its_bundle_takes_them(trained: Project) -> None:
    version, _ = register("digits")
    kept = forget(version)
    assert version_examples(version) == kept
    about = artifacts("digits", "prepared") / "prepared.json"
    today = read_json(about)
    for change in ({"input": {**today["input"], **LARGE}}, {"classes": [*today["classes"][:9], "nine"]}):
        about.unlink()  # it may be a link into DVC's cache
        write_json(about, today | change)
        assert version_examples(version) is None
    about.unlink()
    write_json(about, today)
    register("digits")  # its own data is at hand: from now on they are kept
    describe("digits", **LARGE)
    assert version_examples(version) == kept


def test_a_table_is_sent_what_the_bundle_asks_for_and_nothing_that_it_refuses(payments: Project) -> None:
    version, _ = register("payments")
    kept = forget(version)
    about = read_about(bundle_path("payments", "float32"))
    own = open_prepared(artifacts("payments", "prepared"))
    assert is_own(about, own)
    describe("payments", history="caller")  # the bundle's endpoint remembers all the same
    assert version_examples(version) == kept
    describe("payments", typical=[0.0] * len(own.input["typical"]))
    today = open_prepared(artifacts("payments", "prepared"))
    assert not is_own(about, today)
    assert requests(about, today, [0, 5]) == requests(about, own, [0, 5])
    columns = about.input["schema"]["columns"]
    strict = {**about.input["schema"], "columns": {**columns, "amount": {**columns["amount"], "maximum": 0.0}}}
    refusing = about.model_copy(update={"input": {**about.input, "schema": {**strict, "strict": True}}})
    assert requests(refusing, today, [0, 5]) is None
    describe("payments", features=[*own.input["features"], "another"])
    assert version_examples(version) is None


@pytest.mark.parametrize("gone", ["features", "definition"])
def test_a_table_of_other_columns_is_not_asked_about(gone: str, payments: Project) -> None:
    data = open_prepared(artifacts("payments", "prepared"))
    about = read_about(bundle_path("payments", "float32"))
    assert len(requests(about, data, [1, 2]) or []) == 2
    assert requests(about.model_copy(update={"input": {**about.input, gone: None}}), data, [1, 2]) is None


def describe(workload: str, **input: Any) -> None:
    """Have the prepared data say this of its examples, as data of another day would; pictures are made to fit."""
    prepared = artifacts(workload, "prepared")
    about = read_json(prepared / "prepared.json")
    (prepared / "prepared.json").unlink()  # it may be a link into DVC's cache
    write_json(prepared / "prepared.json", about | {"input": {**about["input"], **input}})
    if "height" in input:
        test = np.load(prepared / "test_inputs.npy")
        (prepared / "test_inputs.npy").unlink()
        np.save(prepared / "test_inputs.npy", test.repeat(2, axis=1).repeat(2, axis=2))


def forget(version: Version) -> Any:
    """Delete the version's examples, as one has none that was registered before they were kept; return them."""
    client = open_store(version.workload).client
    found = version_examples(version)
    source = client.get_model_version(version.workload, version.number).source
    folder = client.get_logged_model(source.removeprefix("models:/")).artifact_location
    Path(folder.removeprefix("file://"), "examples.json").unlink()
    return found


def packaged(project: Project) -> dict[str, bytes]:
    """Package version 1; return the files of its model in the Bento store that are the version's."""
    folder = Path(project.run("python", "-c", PACKAGE, PYTHONPATH=".").splitlines()[-1])
    files = [path for path in folder.rglob("*") if path.is_file() and path.name != "model.yaml"]  # it has a time
    assert {"examples.json", "card.json", "card.html", "bundle.json"} <= {path.name for path in files}
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}
