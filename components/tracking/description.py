"""What MLflow shows above a run and above a version: Markdown that is ours to write until a person writes another."""

import hashlib

from mlflow import MlflowClient

NOTE = "mlflow.note.content"
"""The tag that MLflow shows as the description of a run."""
HASH = "journeyman.description_sha256"
"""Tag of a run or version: of the descriptions that we wrote last. What has none was made before there were any."""
LONGEST = 5_000
"""Characters of a description, as the least of MLflow's stores takes."""


def signed(text: str = "") -> dict[str, str]:
    """Return the tag that says that the description `text` is ours."""
    return {HASH: _hash(text)}


def describe_run(client: MlflowClient, run_id: str, text: str) -> None:
    """Give the run the description, unless a person has given it one."""
    tags = client.get_run(run_id).data.tags
    before = tags.get(NOTE, "")
    if _is_ours(before, tags.get(HASH, "")) and before != text:
        client.set_tag(run_id, HASH, f"{_hash(before)} {_hash(text)}")  # first, and both: a kill may come in between
        client.set_tag(run_id, NOTE, text)


def describe_version(client: MlflowClient, name: str, number: str, text: str) -> None:
    """Give the version of a registered model the description, unless a person has given it one."""
    version = client.get_model_version(name, number)
    before = version.description or ""
    if _is_ours(before, version.tags.get(HASH, "")) and before != text:
        client.set_model_version_tag(name, number, HASH, f"{_hash(before)} {_hash(text)}")
        client.update_model_version(name, number, text)


def _is_ours(text: str, hashes: str) -> bool:
    return _hash(text) in hashes.split()


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
