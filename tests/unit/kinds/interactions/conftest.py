"""Prepared interactions: of a small simulated shop, or as a user would bring them."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from components.kinds.interactions.codec.input import Input
from components.kinds.interactions.params import Prepare
from components.kinds.interactions.prepare import prepare
from components.kinds.interactions.source import open as open_source
from components.kinds.interactions.source.simulator import Simulation, interactions
from components.kinds.prepared import PreparedData, open_prepared
from components.kinds.raw import Origin

Prepared = Callable[..., PreparedData[Input]]

SMALL = Simulation(users=150, items=60, days=60, visits=1.0, seed=3)


def prepared_from(source: Path, folder: Path, task: str | None = None, **keys: object) -> PreparedData[Input]:
    raw = open_source(Origin(str(source), None, None))
    folder.mkdir()
    pq.write_table(pa.Table.from_batches(raw.batches, raw.schema), folder / "records.parquet")
    out = folder / "prepared"
    out.mkdir()
    prepare(folder / "records.parquet", out, Prepare.model_validate(keys), folder / "schema.yaml", task)
    return open_prepared(out)


@pytest.fixture
def prepared(tmp_path: Path) -> Prepared:
    """Returns what prepares a table, by keys of the section `prepare`."""

    def make(frame: pd.DataFrame, task: str | None = None, **keys: object) -> PreparedData[Input]:
        frame.to_csv(tmp_path / "taken.csv", index=False)
        return prepared_from(tmp_path / "taken.csv", tmp_path / "made", task, **keys)

    return make


@pytest.fixture(scope="session")
def shop_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("shop") / "taken.parquet"
    pq.write_table(pa.Table.from_batches(list(interactions(SMALL))), path)
    return path


@pytest.fixture(scope="session")
def shop(shop_file: Path, tmp_path_factory: pytest.TempPathFactory) -> PreparedData[Input]:
    """A thousand interactions of 150 users with 60 items; nobody may change it."""
    return prepared_from(shop_file, tmp_path_factory.mktemp("shops") / "shop", length=6, exclude=8)
