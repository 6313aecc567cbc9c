"""A search on real trainings: who is killed loses no trial, several work on one, and what is found is applied."""

import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import mlflow
import optuna
import yaml
from mlflow import MlflowClient
from optuna.trial import FrozenTrial, TrialState

from tests.conftest import Project, end
from tests.servers import wait_for

TUNE = ("python", "-m", "flows.tune", "digits", "--budget", "1h")


def test_killed_it_goes_on_and_no_trial_is_lost_or_doubled(trained: Project) -> None:
    trained.params("epochs: 10", "epochs: 3, checkpoint_every: 0.0")
    before = (trained.path / "params.yaml").read_text()
    command = [sys.executable, *TUNE[1:], "--trials", "3"]
    log = trained.path / "state" / "tune.log"
    with log.open("w") as output:
        killed = subprocess.Popen(command, cwd=trained.path, env=trained.environment(), stdout=output, stderr=output)
    try:
        wait_for(lambda: killed.poll() is not None or under_way(trained, 1), told=log.read_text)
        assert killed.poll() is None, log.read_text()
        killed.send_signal(signal.SIGKILL)
    finally:
        end(killed)
    left = trials(trained)[1]
    assert left.state == TrialState.RUNNING
    told = trained.run(*TUNE, "--trials", "3")
    assert "digits: 3 trials in " in told
    ended = trials(trained)
    assert [trial.number for trial in ended] == [0, 1, 2]
    assert ended[1].params == left.params, "the trial that was left is the same one"
    assert ended[1].user_attrs["run_id"] == left.user_attrs["run_id"]
    assert all(trial.state in (TrialState.COMPLETE, TrialState.PRUNED) for trial in ended)
    assert ended[0].params["width"] == 16, "what the section says is tried first"
    children = runs(trained)
    assert Counter(run.info.status for run in children) == {"FINISHED": 4}, "three trials, and the search"
    (parent,) = {run.data.tags["mlflow.parentRunId"] for run in children if "mlflow.parentRunId" in run.data.tags}
    assert parent in {run.info.run_id for run in children}
    assert "digits: 3 trials in " in trained.run(*TUNE, "--trials", "3"), "nothing more is tried"
    assert (trained.path / "state" / "tune" / "digits" / "front.svg").read_text().startswith("<?xml")
    assert not list((trained.path / "state" / "tune" / "digits").glob("*/trials/*"))
    assert (trained.path / "params.yaml").read_text() == before.replace(
        "epochs: 10", "epochs: 3, checkpoint_every: 0.0"
    )


def test_several_at_once_share_the_trials_and_the_best_is_applied(trained: Project) -> None:
    trained.params("epochs: 10", "epochs: 1, learning_rate: 0.001")
    command = (*TUNE, "--trials", "4", "--for", "metric,latency")
    with trained.started(*command) as one, trained.started(*command, "--seed", "7") as other:
        told = [process.communicate(timeout=300)[0] for process in (one, other)]
    assert [one.returncode, other.returncode] == [0, 0], told
    ended = trials(trained)
    assert [trial.state for trial in ended] == [TrialState.COMPLETE] * 4
    assert all(trial.user_attrs["reached.latency"] > 0 for trial in ended)
    said = trained.run(*TUNE[:4], "--for", "metric,latency", "--apply")
    best = max(ended, key=lambda trial: (trial.values[0], -trial.user_attrs["reached.latency"]))
    assert ("params.yaml has them now" in said) == (best.number > 0), said
    train = yaml.safe_load((trained.path / "params.yaml").read_text())["workloads"]["digits"]["train"]
    written = yaml.safe_load((trained.path / "state/tune/digits/best.yaml").read_text())["workloads"]["digits"]["train"]
    assert {**train, **(written or {})} == train
    assert train["epochs"] == 1
    assert train["learning_rate"] == float(f"{best.params['learning_rate']:.3g}")


def test_what_is_spoilt_is_found_better_by_far(trained: Project) -> None:
    trained.params("epochs: 10", "epochs: 2, learning_rate: 0.0005")
    told = trained.run(*TUNE, "--trials", "8")
    as_it_is, *others = (
        trial.user_attrs["reached.metric"] for trial in trials(trained) if "reached.metric" in trial.user_attrs
    )
    assert max(others) > as_it_is + 0.1, told


def test_what_cannot_be_searched_is_said_before_anything_runs(trained: Project) -> None:
    assert "--budget: say how long it may take" in trained.fail(*TUNE[:4])
    assert "--for: unknown goal 'speed'" in trained.fail(*TUNE, "--for", "speed")
    assert "unknown workload 'digit'" in trained.fail(*TUNE[:3], "digit", "--budget", "1h")
    assert "JOURNEYMAN_STUDIES=" in trained.fail(*TUNE, JOURNEYMAN_STUDIES="postgresql+nothing://me:secret@here/db")


def trials(project: Project) -> list[FrozenTrial]:
    storage = f"sqlite:///{project.path}/state/tune/studies.db"
    (name,) = optuna.get_all_study_names(storage)
    return optuna.load_study(study_name=name, storage=storage).get_trials()


def under_way(project: Project, number: int) -> bool:
    """Whether the trial has begun, has its run and a checkpoint."""
    if not (project.path / "state" / "tune" / "studies.db").exists():
        return False
    checkpoints = (project.path / "state" / "tune" / "digits").glob(f"*/trials/{number}/last.ckpt")
    return any(checkpoints) and "run_id" in trials(project)[number].user_attrs


def runs(project: Project) -> list[mlflow.entities.Run]:
    client = MlflowClient(f"sqlite:///{Path(project.path)}/state/mlflow/mlflow.db")
    experiment = client.get_experiment_by_name("digits.tune")
    assert experiment
    return list(client.search_runs([experiment.experiment_id]))
