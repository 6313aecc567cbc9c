import shutil
from pathlib import Path

import pytest
from mlflow import MlflowClient

from components.tracking.description import HASH, NOTE, describe_run, describe_version, signed


@pytest.fixture(scope="module")
def client(mlflow_database: Path, tmp_path_factory: pytest.TempPathFactory) -> MlflowClient:
    uri = f"sqlite:///{shutil.copy(mlflow_database, tmp_path_factory.mktemp('store'))}"
    return MlflowClient(uri, registry_uri=uri)


class Run:
    """A run of the store, and what is said of it."""

    def __init__(self, client: MlflowClient, signed: dict[str, str]) -> None:
        self.client, self.id = client, client.create_run("0", tags=signed).info.run_id

    def describe(self, text: str) -> None:
        describe_run(self.client, self.id, text)

    def by_hand(self, text: str) -> None:
        self.client.set_tag(self.id, NOTE, text)

    def sign(self, hashes: str) -> None:
        self.client.set_tag(self.id, HASH, hashes)

    def said(self) -> str:
        return self.client.get_run(self.id).data.tags.get(NOTE, "")

    def hashes(self) -> str:
        return self.client.get_run(self.id).data.tags.get(HASH, "")


class Version:
    """A version of a registered model, and what is said of it."""

    def __init__(self, client: MlflowClient, signed: dict[str, str]) -> None:
        if not client.search_registered_models("name = 'cups'"):
            client.create_registered_model("cups")
        self.client = client
        self.number = client.create_model_version("cups", "s3://nowhere/cups", tags=signed, description="").version

    def describe(self, text: str) -> None:
        describe_version(self.client, "cups", self.number, text)

    def by_hand(self, text: str) -> None:
        self.client.update_model_version("cups", self.number, text)

    def sign(self, hashes: str) -> None:
        self.client.set_model_version_tag("cups", self.number, HASH, hashes)

    def said(self) -> str:
        return self.client.get_model_version("cups", self.number).description or ""

    def hashes(self) -> str:
        return self.client.get_model_version("cups", self.number).tags.get(HASH, "")


@pytest.fixture(params=[Run, Version])
def make(request: pytest.FixtureRequest) -> type[Run] | type[Version]:
    return request.param


def test_a_description_of_ours_is_replaced_and_a_persons_stays(make: type[Run], client: MlflowClient) -> None:
    one = make(client, signed())
    one.describe("not judged")
    one.describe("passed")
    assert one.said() == "passed"
    one.by_hand("the one for the fair")
    one.describe("refused")
    assert one.said() == "the one for the fair"
    one.by_hand("")  # a person who wants none
    one.describe("refused")
    assert one.said() == ""


def test_what_was_made_before_there_were_descriptions_stays_as_it_is(make: type[Run], client: MlflowClient) -> None:
    one = make(client, {})
    one.describe("passed")
    assert (one.said(), one.hashes()) == ("", "")


def test_a_kill_between_the_tag_and_the_description_leaves_it_ours(make: type[Run], client: MlflowClient) -> None:
    one = make(client, signed())
    one.describe("not judged")
    before = one.hashes()
    one.describe("passed")
    after = one.hashes()
    one.by_hand("not judged")  # as it was when the tag had been written
    assert one.hashes() == after != before
    one.describe("passed")
    assert one.said() == "passed"


def test_the_same_again_writes_nothing(make: type[Run], client: MlflowClient, tmp_path: Path) -> None:
    one = make(client, signed())
    one.describe("passed")
    before = one.hashes()
    one.describe("passed")
    assert (one.said(), one.hashes()) == ("passed", before)
