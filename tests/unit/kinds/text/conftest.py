"""A prepared data set of short texts of our own, as a user would bring them."""

from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from components.kinds.prepared import PreparedData, open_prepared
from components.kinds.raw import Origin
from components.kinds.text.codec.input import Input
from components.kinds.text.params import Prepare
from components.kinds.text.prepare import prepare
from components.kinds.text.source import open as open_source
from tests.own_data import messages

Prepared = Callable[..., PreparedData[Input]]


@pytest.fixture
def prepared(tmp_path: Path) -> Prepared:
    """Returns what prepares a source, by keys of the section `prepare`."""

    def make(source: Path, task: str | None = None, **keys: object) -> PreparedData[Input]:
        raw = open_source(Origin(str(source), None, None))
        pq.write_table(pa.Table.from_batches(raw.batches, raw.schema), tmp_path / "records.parquet")
        out = tmp_path / "prepared"
        out.mkdir()
        prepare(tmp_path / "records.parquet", out, Prepare.model_validate(keys), tmp_path / "schema.yaml", task)
        return open_prepared(out)

    return make


@pytest.fixture
def texts(tmp_path: Path, prepared: Prepared) -> PreparedData[Input]:
    """Messages with four intents, those of none apart."""
    messages().to_csv(tmp_path / "messages.csv", index=False)
    return prepared(tmp_path / "messages.csv", none="other")
