"""Recordings of vowels by six voices, raw and prepared."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from components.data.ingest import _write
from components.kinds.audio import source
from components.kinds.audio.params import Prepare
from components.kinds.audio.prepare import prepare
from components.kinds.prepared import PreparedData, open_prepared
from components.kinds.raw import Origin
from tests.voices import write_voices

Prepared = Callable[..., PreparedData]


@pytest.fixture
def voices(tmp_path: Path) -> Path:
    return write_voices(tmp_path / "voices", 4)


@pytest.fixture
def prepared(voices: Path, tmp_path: Path) -> Prepared:
    """Prepare what lies in the folder now, with these keys of the section `prepare`."""

    def made(task: str | None = None, **keys: Any) -> PreparedData:
        raw, out = tmp_path / "records.parquet", tmp_path / "prepared"
        out.mkdir(exist_ok=True)
        inbox = tmp_path / "inbox"
        _write(raw, source.open(Origin(str(voices), None, inbox if inbox.exists() else None)))
        prepare(raw, out, Prepare(**({"group": "{group}_*"} | keys)), tmp_path / "schema.yaml", task)
        return open_prepared(out)

    return made


def names(tmp_path: Path) -> pa.Table:
    return pq.read_table(tmp_path / "records.parquet", columns=["name"])["name"]
