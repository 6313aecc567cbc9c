"""The story of `test_story.py` with pictures: digits, and then whoever takes them does so in a darker room."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from demo.pictures import Pictures
from demo.play import play
from demo.project import Project as Copy
from demo.project import commit
from demo.story import begun
from tests.conftest import Project

PARAMS = """\
workloads:
  digits:
    kind: image
    task: classification
    source: story
    prepare: {size: 8, channels: 1, validation: 0.15, test: 0.2, limits: {}}
    train: {epochs: 20, batch_size: 32, flip: false, width: 16}
    serve: {precision: float32}
    retrain: {labels: 450, least: 50, cooldown: 0.0}
    gate:
      shadow: true
      baseline: false
      better: {rule: not_worse, margin: 0.03}
      slices: {margin: 0.2}
      calibration: {error: 1.0, brier: 2.0}
      robustness: {kept: 0.0, margin: 0.9}
      behaviours: {invariance: 0.0, direction: 0.0, minimum: 0.0}
"""
"""A gate for few pictures, of which nearly all were taken in the light: live labels decide."""


@pytest.mark.timeout(1_500)
def test_what_is_dark_is_learnt_while_callers_ask(
    new_project: Callable[..., Project], tmp_path: Path, prefect_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = new_project(PARAMS, tmp_path)
    monkeypatch.chdir(made.path)
    there = {
        "PREFECT_API_URL": prefect_url,
        "JOURNEYMAN_CLOCK": str(made.path / "state" / "clock"),
        "JOURNEYMAN_LOG_DIR": str(made.path / "state" / "log"),
        "JOURNEYMAN_CHAMPIONS": str(made.path / "state" / "champions"),
    }
    copy, pictures, said = Copy(made.path, made.warm_environment() | there), work(), list[str]()
    pictures.begin(made.path)
    commit(copy)
    with begun(pictures, copy, said.append, patience=2.0) as story:
        play(story, said.append)
    told = story.told
    assert {what for _, what, _ in told.changes} == {"promoted"}, "\n".join(said)  # perhaps a second time
    assert told.changes[0][2] == "2"
    assert told.verdicts[0] == "well"
    assert {"look", "harm"} & set(told.verdicts)
    assert told.asked > 0
    assert story.traffic.dropped == []
    assert story.traffic.beside > 20  # requests while the loop was at work
    assert "1" not in {each.answer["model_version"] for each in story.days[-1]}
    assert told.costs[-1] < 0.7 * np.mean(told.costs[1:4])


def work() -> Pictures:
    """Return a few digits a day; from the second day on they are dark."""
    from sklearn.datasets import load_digits  # here: most tests need no scikit-learn

    data = load_digits()
    drawn, labels = (data.images * 255 / 16).astype(np.uint8), [f"digit {digit}" for digit in data.target]
    return Pictures(1, 10, drawn, labels, history=790, a_day=100, known=1.0, workload="digits", params=PARAMS)
