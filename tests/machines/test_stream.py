"""A training streams its pictures from a bucket: the bundle is that of one from a folder, whatever happens."""

import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import fsspec
import pytest

from components.kinds.prepared import SPLITS, index_of
from components.kinds.shards.index import read_index
from tests.conftest import DIGITS, Project, copy_of
from tests.integration.test_resume import bundle
from tests.machines.conftest import Store
from tests.servers import wait_for

OF = 20
CAP = str(10 * (128 + OF * 64))
"""Bytes of ten shards, of the twenty that the training split has."""
CUT = (("test: 0.2", f"test: 0.2, shards: {OF}"), ("epochs: 10", "epochs: 10, threads: 1, checkpoint_every: 0.0"))
IMPATIENT = '{"config_kwargs": {"connect_timeout": 1, "read_timeout": 1, "retries": {"max_attempts": 0}}}'


@pytest.fixture(scope="module")
def streamed(
    new_project: Callable[..., Project], digits: Path, s3: Store, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Project, dict[str, str], dict[str, str]]:
    """A project that was trained from a bucket, the variables that say so, and the bundle's hashes."""
    params = DIGITS.format(source=digits)
    for old, new in CUT:
        params = params.replace(old, new)
    made = new_project(params)
    where = {
        **s3.variables,
        "JOURNEYMAN_SHARDS": f"s3://{s3.bucket()}/shards",
        "JOURNEYMAN_SHARD_CACHE_BYTES": CAP,
        "FSSPEC_S3": IMPATIENT,
    }
    made.run("dvc", "repro", "export", **where)
    assert sum(path.stat().st_size for path in made.path.glob("state/shard-cache/*.npy")) <= int(CAP)
    return made, where, bundle(made)


def test_from_a_folder_it_is_the_same_to_the_byte(
    streamed: tuple[Project, dict[str, str], dict[str, str]], tmp_path: Path
) -> None:
    made, where, expected = streamed
    clone = copy_of(made, tmp_path / "clone")
    shutil.rmtree(clone.path / "state")
    options = {key: where[f"AWS_{name}"] for key, name in (("key", "ACCESS_KEY_ID"), ("secret", "SECRET_ACCESS_KEY"))}
    files = fsspec.filesystem("s3", endpoint_url=where["AWS_ENDPOINT_URL"], **options)
    files.get(f"{where['JOURNEYMAN_SHARDS']}/", f"{tmp_path}/shards/", recursive=True)
    here = {"JOURNEYMAN_SHARDS": str(tmp_path / "shards")}
    clone.run("dvc", "repro", "--force", "--single-item", "train@digits", "export@digits", **here)
    assert bundle(clone) == expected
    assert not (clone.path / "state" / "shard-cache").exists()


def test_another_machine_needs_the_index_and_the_address_and_goes_on_after_kills(
    streamed: tuple[Project, dict[str, str], dict[str, str]], s3: Store, tmp_path: Path
) -> None:
    """Killed in its midst, then while the store says nothing, which the third one waits for."""
    made, where, expected = streamed
    clone = copy_of(made, tmp_path / "clone")
    for folder in ("state", "artifacts/digits/raw", "artifacts/digits/weights", "artifacts/digits/bundle"):
        shutil.rmtree(clone.path / folder)
    assert not list(clone.path.glob("artifacts/digits/prepared/*_inputs.npy"))
    with training(clone, where) as first:
        wait_for(lambda: first.poll() is not None or kept(clone), 300, told=lambda: said(clone))
        assert first.poll() is None, said(clone)
        first.kill()
    with training(clone, where) as second:
        wait_for(lambda: second.poll() is not None or "going on from" in said(clone), 300, told=lambda: said(clone))
        s3.process.send_signal(signal.SIGSTOP)
        try:
            wait_for(lambda: second.poll() is not None or "waiting for a shard" in said(clone), 300)
            assert second.poll() is None, said(clone)
            second.kill()
            with training(clone, where) as third:
                wait_for(lambda: third.poll() is not None or "waiting for a shard" in said(clone), 300)
                s3.process.send_signal(signal.SIGCONT)
                assert third.wait(300) == 0, said(clone)
        finally:
            s3.process.send_signal(signal.SIGCONT)
    assert said(clone).count("waiting for a shard") == 1
    clone.run("dvc", "commit", "--force", "train@digits")
    clone.run("dvc", "repro", "--single-item", "export@digits", **where)
    assert bundle(clone) == expected


def test_two_processes_learn_from_it_as_from_a_folder(
    streamed: tuple[Project, dict[str, str], dict[str, str]], tmp_path: Path
) -> None:
    made, where, _ = streamed
    there, here = (copy_of(made, tmp_path / name) for name in ("there", "here"))
    names = [shard.name for split in SPLITS for shard in read_index(index_of(prepared(here), split)).shards]
    files = fsspec.filesystem("s3", endpoint_url=where["AWS_ENDPOINT_URL"], key="test", secret="test")
    (tmp_path / "shards").mkdir()
    for name in names:
        files.get_file(f"{where['JOURNEYMAN_SHARDS']}/{name}", str(tmp_path / "shards" / name))
    for project, variables in ((there, where), (here, {"JOURNEYMAN_SHARDS": str(tmp_path / "shards")})):
        project.params("threads: 1", "threads: 1, accelerator: cpu, devices: 2")
        project.run("dvc", "repro", "--single-item", "train@digits", "export@digits", **variables)
    assert bundle(there) == bundle(here)


@pytest.mark.parametrize(
    ("variable", "value", "sentence"),
    [
        ("JOURNEYMAN_SHARDS", "s3://nowhere-at-all/shards", "no such shard"),
        (
            "JOURNEYMAN_SHARD_CACHE_BYTES",
            "1000",
            "10 shards of 1,408 bytes have to be here at once: set at least ",
        ),
    ],
)
def test_what_is_wrong_is_told_in_one_line(
    variable: str,
    value: str,
    sentence: str,
    streamed: tuple[Project, dict[str, str], dict[str, str]],
    tmp_path: Path,
) -> None:
    made, where, _ = streamed
    clone = copy_of(made, tmp_path / "clone")
    shutil.rmtree(clone.path / "state")
    output = clone.fail(sys.executable, "-m", "components.training.train", "digits", **{**where, variable: value})
    assert sentence in output.splitlines()[-1]
    assert output.splitlines()[-1].startswith("error: ")
    assert "Traceback" not in output


def prepared(project: Project) -> Path:
    return project.path / "artifacts" / "digits" / "prepared"


def kept(project: Project) -> bool:
    return any(project.path.glob("state/checkpoints/digits/*/last.ckpt"))


def said(project: Project) -> str:
    return (project.path / "said.txt").read_text()


@contextmanager
def training(project: Project, variables: dict[str, str]) -> "Iterator[subprocess.Popen[bytes]]":
    with (project.path / "said.txt").open("wb") as file:
        command = [sys.executable, "-m", "components.training.train", "digits"]
        environment = {**project.environment(), **variables}
        process = subprocess.Popen(command, cwd=project.path, env=environment, stdout=file, stderr=file)
    try:
        yield process
    finally:
        process.kill()
        process.wait(60)
