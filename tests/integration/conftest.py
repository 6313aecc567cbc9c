"""Registered versions that need no training, and processes that are cheap."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import Project, copy_of, forget_runs
from tests.forks import Forks, forks, item, succeed

THREE = """
for place, value in enumerate((0.91, 0.92, 0.93)):
    variant("digits", f"variant {place}", value)
"""


@pytest.fixture(scope="session")
def forked(trained_once: Project, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Forks]:
    with forks(copy_of(trained_once, tmp_path_factory.mktemp("warm"))) as made:
        yield made


@pytest.fixture(scope="session")
def three_once(
    trained_once: Project, mlflow_database: Path, forked: Forks, tmp_path_factory: pytest.TempPathFactory
) -> Project:
    """A checkout with three registered versions, each better than the one before; none is at work."""
    made = copy_of(trained_once, tmp_path_factory.mktemp("three"))
    forget_runs(made, mlflow_database)
    succeed(forked, item(made, THREE))
    return made


@pytest.fixture
def three(three_once: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    made = copy_of(three_once, tmp_path)
    monkeypatch.chdir(made.path)
    return made
