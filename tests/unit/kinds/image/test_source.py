import re
import struct
from pathlib import Path

import numpy as np
import pytest

from components.config.errors import ConfigError, DataError
from components.kinds.examples import batches
from components.kinds.image import codec, source
from components.kinds.image.source.folder import look_at
from components.kinds.raw import DataSet, Origin


def test_a_folder_is_read_in_order_with_names_and_labels(pictures: Path) -> None:
    (pictures / "cup" / "deeper").mkdir()
    (pictures / "cup" / "11.png").rename(pictures / "cup" / "deeper" / "11.PNG")
    (batch,) = look_at(pictures, "inbox").batches()
    names = batch.column("name").to_pylist()
    assert names == sorted(names)
    assert "inbox/cup/deeper/11.PNG" in names
    assert batch.column("label").to_pylist() == ["cup"] * 12 + ["plate"] * 12
    assert batch.column("picture")[0].as_py() == (pictures / "cup" / "00.png").read_bytes()


def test_large_pictures_come_in_small_batches(pictures: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    size = (pictures / "cup" / "00.png").stat().st_size
    monkeypatch.setattr(batches, "BATCH_BYTES", 5 * size + size // 2)
    found = list(look_at(pictures, "source").batches())
    assert [batch.num_rows for batch in found] == [5, 5, 5, 5, 4]


def test_idx_files_become_pictures(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    files, written = {}, {}
    for split, count in (("train", 5), ("test", 3)):
        written[split] = random.integers(0, 256, (count, 4, 6), dtype=np.uint8)
        labels = np.arange(count, dtype=np.uint8) % 2
        files[f"{split}_pictures"] = _idx(tmp_path / f"{split}-p", written[split])
        files[f"{split}_labels"] = _idx(tmp_path / f"{split}-l", labels)
    train, test = source.from_files(DataSet("idx", files, ["even", "odd"]))
    assert train.column("label").to_pylist() == ["even", "odd", "even", "odd", "even"]
    assert test.column("split").to_pylist() == ["test"] * 3
    row = {"picture": train.column("picture")[4].as_py()}
    decoded = codec.decode(row, {"height": 4, "width": 6, "channels": 1})
    assert (decoded[..., 0] == written["train"][4]).all()


def test_another_file_is_no_idx_file(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"hello there")
    files = {f"{split}_{part}": path for split in ("train", "test") for part in ("pictures", "labels")}
    with pytest.raises(DataError, match="not an IDX file"):
        list(source.from_files(DataSet("idx", files, ["a"])))


def _idx(path: Path, array: np.ndarray) -> Path:
    header = bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
    path.write_bytes(header + array.tobytes())
    return path


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("labels.csv", "of pictures and the table that names them, set source to their folder: {folder}"),
        ("pets.zip", "an archive: unpack it"),
        ("nowhere", "no such folder"),
    ],
)
def test_a_source_that_is_no_folder_says_what_to_name(name: str, said: str, tmp_path: Path) -> None:
    if name != "nowhere":
        (tmp_path / name).write_bytes(b"PK\3\4")
    with pytest.raises(ConfigError, match=re.escape(said.format(folder=tmp_path))):
        source.open(Origin(str(tmp_path / name), None, None))
