"""A version made again from its registry entry alone: real DVC, real git, a real MLflow store."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import mlflow.artifacts
import pytest
from mlflow import MlflowClient

from components.config.errors import RegistryError
from components.config.settings import environment
from components.registry.lineage.provenance import lineage
from components.registry.rebuild.compare import Rebuilt, compare
from components.registry.rebuild.find import find
from components.registry.rebuild.stages import fetch_raw, few, reproduce
from components.registry.rebuild.worktree import recorded_environment, worktree
from components.registry.register import register
from components.versioning.stages import BACKBONE, RESOLVE, STAGES
from tests.conftest import Project, commit, copy_of

BESIDE = "components/kinds/image/params/beside.py"
QUICK = """\
import json, os, shutil, sys
import yaml

BUNDLES = ["bundle", "bundle-float16", "bundle-int8"]
OUTS = {"prepare": ["prepared"], "train": ["weights"], "export": BUNDLES, "evaluate": ["report"]}
for name in OUTS[sys.argv[1]]:
    shutil.copytree(f"kept/{name}", f"artifacts/digits/{name}", dirs_exist_ok=True)
    if os.path.exists(f"artifacts/digits/{name}/bundle.json"):
        about = json.load(open(f"artifacts/digits/{name}/bundle.json"))
        about["serve"] |= yaml.safe_load(open("params.yaml"))["workloads"]["digits"].get("serve", {})
        json.dump(about, open(f"artifacts/digits/{name}/bundle.json", "w"))
if sys.argv[1] == "train":
    record = json.load(open("artifacts/digits/weights/run.json"))
    used = json.loads(os.environ.get("JOURNEYMAN_USED", "{}"))
    record["params"] |= {"used.threads": 64 if "NOISE" in os.environ else used.get("threads", 1)}
    json.dump(record | {"ended": os.getpid()}, open("artifacts/digits/weights/run.json", "w"))
    open("artifacts/digits/weights/curve.csv", "a").write(os.environ.get("NOISE", ""))
if sys.argv[1] == "evaluate" and "NOISE" in os.environ:
    metrics = json.load(open("artifacts/digits/report/metrics.json"))
    metrics["accuracy"] -= float(os.environ["NOISE"])
    json.dump(metrics, open("artifacts/digits/report/metrics.json", "w"))
"""
"""Stages that are over at once: they give what the real ones gave, by the parameters; NOISE makes them give other."""
TAGS = {
    *("bundle_sha256", "metric.accuracy", "precision", "precision.float32", "precision.int8", "precision.reason"),
    *("constraints_sha256", "data.title", "description_sha256", "device", "flow_run", "lineage_sha256", "mlflow_run"),
    *(
        "dvc.backbone",
        "dvc.bundle",
        "dvc.bundle-float16",
        "dvc.bundle-int8",
        "dvc.cross_validation/metrics.json",
        "dvc.cross_validation/outputs.json",
        "dvc.prepared",
        "dvc.raw",
        "dvc.report/confusion.csv",
        "dvc.report/figures",
        "dvc.source",
    ),
    *("dvc.report/metrics.json", "dvc.report/precisions.json", "dvc.report/served.json", "dvc.weights/curve.csv"),
    *("dvc.weights/model.safetensors", "dvc.weights/run.json", "git.commit", "git.dirty", "git.head", "git.ref"),
    *("git.remote", *(f"inputs.{stage}" for stage in (BACKBONE, *STAGES))),
    *("packages_sha256", "parameters_sha256", "parent", "platform", "processor", "processor.features", "python"),
    *("seed", "serving_code_sha256", "used.accelerator", "used.compile", "used.devices", "used.layout"),
    *("used.precision", "used.threads"),
}
"""Searches and dashboards of people stand on these names: a version has them, and no other."""


@pytest.fixture(scope="module")
def registered_once(trained_once: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Three versions: from a clean tree; from a dirty one; from a history that was made anew. Not to be changed."""
    folder = tmp_path_factory.mktemp("registered")
    made = copy_of(trained_once, folder)
    with pytest.MonkeyPatch.context() as patch:
        _stand_in(made, patch)
        _make_quick(made)
        made.run("git", "init", "-q", "--bare", str(folder / "origin"))
        made.run("git", "remote", "add", "origin", str(folder / "origin"))
        made.run("dvc", "remote", "add", "-q", "-d", "storage", "../storage")
        commit(made, "a remote for the data")
        made.run("git", "push", "-q", "origin", "HEAD")
        _register(made)

        quick = made.path / "quick.py"
        quick.write_text(f"from components.kinds.image.params import beside\n{QUICK}")
        (made.path / BESIDE).write_text("new = True\n")
        (made.path / ".env").write_text("KEY=secret\n")
        made.params("kind: image", "kind: image\n    serve: {max_pixels: 1000}")
        _register(made)

        made.run("git", "checkout", "-q", "quick.py")
        (made.path / BESIDE).unlink()
        made.params("max_pixels: 1000", "max_pixels: 2000")
        _register(made)
        identity = ["-c", "user.name=Test", "-c", "user.email=test@example.org"]
        made.run("git", *identity, "commit", "-q", "--amend", "-a", "-m", "another history")
        made.run("git", "reflog", "expire", "--expire=now", "--all")
        made.run("git", "gc", "-q", "--prune=now")
        made.run("dvc", "push", "-q", "ingest@digits")
    return made


@pytest.fixture
def registered(registered_once: Project, monkeypatch: pytest.MonkeyPatch) -> Project:
    """The project with three versions, and the test stands in it."""
    _stand_in(registered_once, monkeypatch)
    return registered_once


@pytest.fixture
def elsewhere(registered_once: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A clone on another machine, which has git's and DVC's remotes and the tracking store, and nothing else."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{registered_once.path}/state/mlflow/mlflow.db")
    origin = registered_once.path.parent / "origin"
    shutil.copytree(registered_once.path.parent / "storage", tmp_path / "moved")
    registered_once.run("git", "clone", "-q", str(origin), str(tmp_path / "clone"))
    clone = Project(tmp_path / "clone")
    monkeypatch.chdir(clone.path)
    clone.run("dvc", "remote", "modify", "-q", "--local", "storage", "url", "../moved")
    return clone


def test_a_version_says_what_it_was_made_of(registered: Project) -> None:
    client = MlflowClient(os.environ["MLFLOW_TRACKING_URI"])
    tags = {number: client.get_model_version("digits", number).tags for number in "123"}
    assert (
        {name.removeprefix("journeyman.") for name in tags["1"]}
        == TAGS
        == {name.removeprefix("journeyman.") for name in tags["2"]}
    )
    assert [tags[number]["journeyman.git.dirty"] for number in "123"] == ["false", "true", "true"]
    assert [tags[number]["journeyman.git.remote"] for number in "123"] == ["origin"] * 3
    for stage, same in {"train": False, "export": False, "ingest": False}.items():
        name = f"journeyman.inputs.{stage}"
        assert (tags["1"][name] == tags["2"][name]) is same  # the kind's parameters had one file more
        assert (tags["1"][name] == tags["3"][name]) is (stage != "export")
    version, made_of = find("digits", "2")
    assert made_of.code.changed == (BESIDE, "params.yaml", "quick.py")
    assert made_of.bundle_sha256 == version.bundle_sha256
    assert set(made_of.stages) == {RESOLVE, BACKBONE, *STAGES}
    assert made_of.parameters["serve"]["max_pixels"] == 1000
    assert made_of.parameters["train"]["learning_rate"] > 0  # a default, filled in
    assert made_of.environment.packages["torch"].startswith("2.")
    assert made_of.used["threads"] == 1
    assert type(made_of).model_validate_json(made_of.to_json()) == made_of


def test_the_second_of_three_from_a_dirty_tree_after_a_rebase_is_identical(registered: Project) -> None:
    before = _everything(registered)
    rebuilt, source = _again("2")
    assert (rebuilt.first, rebuilt.environment, source) == (None, (), "DVC's cache")
    assert {stage.stage for stage in rebuilt.stages} == {RESOLVE, BACKBONE, *STAGES[1:]}
    same = {stage.stage: stage.same for stage in rebuilt.stages}
    assert same["train"] == ("weights/curve.csv", "weights/model.safetensors")  # run.json tells of the run
    assert rebuilt.value == rebuilt.version.value
    assert _everything(registered) == before


def test_another_machine_takes_code_and_data_from_the_remotes(elsewhere: Project) -> None:
    assert not Path(".dvc/cache").exists()
    rebuilt, source = _again("2")
    assert (rebuilt.first, source) == (None, "DVC's remote")
    assert not Path("artifacts").exists()
    assert elsewhere.run("git", "status", "--porcelain") == ""


def test_dvc_keeps_what_it_is_shown_and_what_it_has_collected_comes_back_from_the_remote(
    registered_once: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(registered_once.path.parent / "storage", tmp_path / "storage")
    made = copy_of(registered_once, tmp_path)
    _stand_in(made, monkeypatch)
    _, made_of = find("digits", "2")
    made.run("git", "checkout", "-q", "--orphan", "anew")
    Path("dvc.lock").unlink()
    commit(made, "nothing but the private commits needs the data any more")
    for ref in made.run("git", "for-each-ref", "--format=%(refname)", "refs/heads", "refs/remotes").split():
        if ref != "refs/heads/anew":
            made.run("git", "update-ref", "-d", ref)

    made.run("git", "fetch", "-q", ".", "refs/journeyman/*:refs/remotes/journeyman/*")  # as docs/registry.md has it
    made.run("dvc", "gc", "--all-commits", "--force", "-q")
    assert made_of.data.raw[2:] in _directories()

    for ref in made.run("git", "for-each-ref", "--format=%(refname)", "refs/remotes").split():
        made.run("git", "update-ref", "-d", ref)
    made.run("dvc", "gc", "--all-commits", "--force", "-q")
    assert not _directories()
    rebuilt, source = _again("2")
    assert (rebuilt.first, source) == (None, "DVC's remote")
    assert made_of.data.raw[2:] in _directories()


def test_what_is_gone_is_named(elsewhere: Project, tmp_path: Path) -> None:
    _, made_of = find("digits", "2")
    shutil.rmtree(tmp_path / "moved")
    with pytest.raises(RegistryError) as error:
        _again("2")
    raw = f"artifacts/digits/raw (md5 {made_of.data.raw})"
    assert f"the raw records of digits are gone: {raw} is neither in {Path('.dvc/cache').resolve()}" in str(error.value)
    elsewhere.run("git", "remote", "set-url", "origin", "/nowhere")
    elsewhere.run("git", "update-ref", "-d", made_of.code.ref)
    elsewhere.run("git", "reflog", "expire", "--expire=now", "--all")
    elsewhere.run("git", "gc", "-q", "--prune=now")
    with pytest.raises(RegistryError, match=f"the private commit {made_of.code.commit[:12]} of digits is gone"):
        _again("2")


def test_a_version_that_comes_out_otherwise_is_told_on_the_command_line(
    registered: Project, tmp_path: Path, prefect_url: str
) -> None:
    ghost = tmp_path / "ghost-1.0.dist-info" / "METADATA"  # a package that was not there then
    ghost.parent.mkdir()
    ghost.write_text("Metadata-Version: 2.1\nName: ghost\nVersion: 1.0\n")
    command = ("python", "-m", "flows.rebuild", "digits", "2")
    there = {"PYTHONPATH": str(tmp_path), "PREFECT_API_URL": prefect_url}
    said = registered.fail(*command, NOISE="0.25", **there)
    assert "packages are not those of digits version 2: ghost none -> 1.0" in said
    assert "the recorded ones: git worktree add --detach ../digits-2 " in said
    rows = {line.split("│")[1].strip(): line.split("│")[2].strip() for line in said.splitlines() if "│" in line}
    assert rows["prepare"] == "identical: prepared"
    assert rows["train"] == "differs: weights/curve.csv"
    assert rows["export"] == "identical: bundle, bundle-float16, bundle-int8"
    assert rows["evaluate"] == "differs: report/metrics.json"
    assert rows["test accuracy"].endswith("(-25.00 points)")
    assert rows["environment"] == "threads 1 -> 64"
    assert rows["result"] == "the first stage that differs is train"
    assert said.splitlines()[-1] == (
        "error: digits version 2 was not made again: the first stage that differs is train"
    )
    assert "Traceback" not in said
    assert len(registered.run("git", "worktree", "list").splitlines()) == 1


def test_the_real_stages_come_out_identical_and_leave_no_run(
    trained: Project, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _stand_in(trained, monkeypatch)
    version, _ = register("digits", "a flow run")
    client = MlflowClient(os.environ["MLFLOW_TRACKING_URI"])
    experiment = client.get_experiment_by_name("digits").experiment_id
    before = _everything(trained)
    rebuilt, _ = _again(version.number)
    assert (rebuilt.first, rebuilt.environment) == (None, ())
    same = {stage.stage: len(stage.same) for stage in rebuilt.stages}
    assert same == {
        "resolve": 7,
        "backbone": 1,
        "prepare": 1,
        "train": 2,
        "export": 3,
        "cross_validate": 2,
        "evaluate": 5,
    }
    assert "threads 1 (as recorded)" in capsys.readouterr().err
    assert len(client.search_runs([experiment])) == 1
    assert _everything(trained) == before


def test_a_version_that_is_not_there_is_one_line(registered: Project) -> None:
    for words, told in (
        (("digits", "7"), "has no version 7; it has 1, 2, 3"),
        (("dogs", "1"), "make run WORKLOAD=dogs` makes one"),
    ):
        with pytest.raises(RegistryError, match=told):
            find(*words)
    assert MlflowClient(os.environ["MLFLOW_TRACKING_URI"]).get_experiment_by_name("dogs") is None


def test_a_lineage_that_was_changed_is_not_believed(registered: Project) -> None:
    path = Path(mlflow.artifacts.download_artifacts(artifact_uri="models:/digits/2/lineage.json"))
    content = path.read_text()
    try:
        path.write_text(content.replace('"seed": 0', '"seed": 1'))
        with pytest.raises(RegistryError, match=r"models:/digits/2/lineage\.json is not what was registered"):
            find("digits", "2")
        path.unlink()
        with pytest.raises(RegistryError, match=r"models:/digits/2/lineage\.json cannot be fetched"):
            find("digits", "2")
    finally:
        path.write_text(content)


def test_what_a_killed_rebuild_left_is_cleared_away_by_the_next(registered: Project) -> None:
    script = """
import os, signal
from components.registry.rebuild.find import find
from components.registry.rebuild.worktree import worktree
with worktree(find("digits", "1")[1]):
    os.kill(os.getpid(), signal.SIGKILL)
"""
    registered.fail("python", "-c", script, PYTHONPATH=".")
    assert len(registered.run("git", "worktree", "list").splitlines()) == 2
    with worktree(find("digits", "1")[1]) as tree:
        assert (tree.project / "params.yaml").exists()
        assert len(registered.run("git", "worktree", "list").splitlines()) == 2
    assert len(registered.run("git", "worktree", "list").splitlines()) == 1
    assert not list(Path("state").glob(".rebuild*"))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda: Path("dvc.lock").unlink(), f"dvc.lock says nothing of {', '.join(STAGES)}"),
        (lambda: _append("components/config/settings.py", "\n# changed\n"), r"settings\.py: not as DVC recorded it"),
        (lambda: _append("params.yaml", "    serve: {margin: 0.1}\n"), r"params\.yaml: workloads\.digits: not as DVC"),
        (lambda: Path("constraints.txt").unlink(), r"constraints\.txt: not as DVC recorded it"),
        (lambda: _rewrite("artifacts/digits/weights/run.json", "environment"), "run.json does not say environment"),
    ],
)
def test_it_is_complete_or_there_is_none(
    change: Callable[[], object], told: str, trained: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    _stand_in(trained, monkeypatch)
    change()
    with pytest.raises(RegistryError, match=told):
        lineage("digits")


def test_a_table_says_what_it_was_made_of_with_the_schema_that_it_wrote(
    payments: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    _stand_in(payments, monkeypatch)
    payments.run("git", "rm", "-q", "--cached", "data/schemas/payments.yaml")  # as `prepare` has left it
    made_of = lineage("payments")
    assert "transaction_id" in payments.run("git", "show", f"{made_of.code.commit}:data/schemas/payments.yaml")
    assert made_of.data.title == "few"
    assert made_of.data.source == made_of.stages["ingest"].deps["datasets/few.yaml"]


def test_another_environment_is_named_with_the_way_back(registered: Project) -> None:
    _, made_of = find("digits", "2")
    way = recorded_environment(made_of, "2")
    assert way == (
        f"git worktree add --detach ../digits-2 {made_of.code.commit[:12]} && make -C ../digits-2 setup "
        "&& ../digits-2/.venv/bin/python -m flows.rebuild digits 2"
    )
    assert few([f"package{n}" for n in range(20)]).endswith("package11 and 8 more")


def _again(number: str) -> tuple[Rebuilt, str]:
    """Make the version again as the flow does, in this process."""
    version, made_of = find("digits", number)
    with worktree(made_of) as tree:
        source = fetch_raw(made_of, tree)
        reproduce(made_of, tree)
        return compare(version, made_of, tree.project), source


def _stand_in(project: Project, patch: pytest.MonkeyPatch) -> None:
    """Have this process be the user's in the project."""
    patch.chdir(project.path)
    for name in [name for name in os.environ if name.startswith(("MLFLOW_", "JOURNEYMAN_"))]:
        patch.delenv(name)
    for name, value in environment(project.path).items():
        patch.setenv(name, value)


def _make_quick(project: Project) -> None:
    """Have the stages behind the raw records copy what the real ones made."""
    for name in ("prepared", "weights", "bundle", "bundle-float16", "bundle-int8", "report"):
        shutil.copytree(project.path / "artifacts" / "digits" / name, project.path / "kept" / name)
    dvc = project.path / "dvc.yaml"
    text = dvc.read_text()
    for package, stage in (("data", "prepare"), *(("training", stage) for stage in ("train", "export", "evaluate"))):
        text = text.replace(f"python -m components.{package}.{stage} ${{key}}", f"python quick.py {stage}")
    dvc.write_text(text)
    (project.path / "quick.py").write_text(QUICK)
    commit(project, "quick stages")


def _register(project: Project) -> None:
    project.run("dvc", "repro", "-q")
    if not register("digits")[1]:
        raise AssertionError("it was there before")


def _everything(project: Project) -> dict[str, object]:
    """All that is the user's, by path: files with their size and time, git's refs and work trees."""
    left_out = (".dvc/tmp", ".git/objects", "state/mlflow/mlflow.db", "state/prefect", "__pycache__")
    files = {
        str(path.relative_to(project.path)): (path.lstat().st_size, path.lstat().st_mtime_ns)
        for path in project.path.rglob("*")
        if path.is_file()
    }
    kept = {name: about for name, about in files.items() if not any(words in name for words in left_out)}
    refs = project.run("git", "for-each-ref") + project.run("git", "worktree", "list")
    return {**kept, "refs": refs}


def _directories() -> set[str]:
    """Return the names of the directories in DVC's cache."""
    return {path.name for path in Path(".dvc/cache").rglob("*.dir")}


def _append(path: str, text: str) -> None:
    with Path(path).open("a") as file:
        file.write(text)


def _rewrite(path: str, key: str) -> None:
    content = json.loads(Path(path).read_text())
    del content[key]
    Path(path).write_text(json.dumps(content))
