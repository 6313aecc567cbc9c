"""Pictures without labels are grouped by what they show: drawn ones of three sorts, with a copy and a stranger."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from components.config.errors import ConfigError
from components.exploration.groups import group_examples
from components.kinds.image import exploration
from flows.look import look

PARAMS = """\
workloads:
  mugs:
    kind: image
    source: {source}
    prepare: {{size: 32, channels: 3}}
    train: {{recipe: quick}}
"""


def sorts(folder: Path, each: int = 12) -> Path:
    """Save noisy pictures of three sorts: red disks, blue stripes, green squares."""
    random = np.random.default_rng(0)
    rows, columns = np.mgrid[:32, :32]
    shapes = {
        "disk": ((rows - 16) ** 2 + (columns - 16) ** 2 < 90, (200, 30, 30)),
        "stripes": (columns // 4 % 2 == 0, (30, 30, 200)),
        "square": ((abs(rows - 16) < 8) & (abs(columns - 16) < 8), (30, 180, 30)),
    }
    folder.mkdir()
    for sort, (mask, colour) in shapes.items():
        for index in range(each):
            picture = np.full((32, 32, 3), 240) + random.normal(0, 20, (32, 32, 3))
            picture[np.roll(mask, random.integers(-2, 3), axis=0)] += np.array(colour) - 240
            Image.fromarray(picture.clip(0, 255).astype(np.uint8)).save(folder / f"{sort}{index:02d}.png")
    Image.open(folder / "disk03.png").save(folder / "disk99.bmp")
    Image.fromarray(random.integers(0, 256, (32, 32, 3), dtype=np.uint8)).save(folder / "noise.png")
    (folder / "broken.png").write_bytes(b"none")
    return folder


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "params.yaml").write_text(PARAMS.format(source=sorts(tmp_path / "mugs")))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_folder_without_labels_is_grouped_by_what_is_in_the_pictures(project: Path) -> None:
    said = look("mugs", by="simple", into=project / "sorted")
    assert "compared by measured edges and colours, as asked for" in said
    assert "duplicates: 1, outliers: 1, not readable: 1" in said
    with (project / "state/look/mugs/groups.csv").open() as file:
        rows = {Path(row["name"]).name: row for row in csv.DictReader(file)}
    groups = {sort: {rows[f"{sort}{index:02d}.png"]["group"] for index in range(12)} for sort in ("disk", "stripes")}
    assert [len(found) for found in groups.values()] == [1, 1]
    assert groups["disk"] != groups["stripes"]
    assert [name for name, row in rows.items() if row["outlier"] == "1"] == ["noise.png"]
    assert rows["disk99.bmp"]["duplicate_of"] == "source/disk03.png"
    assert all(near.startswith("source/disk") for near in rows["disk05.png"]["nearest"].split("|"))
    assert len(list((project / "sorted").glob("*/*"))) == 37
    assert {file.parent.name for file in (project / "sorted").glob("*/stripes*")} == groups["stripes"]
    page = (project / "state/look/mugs/index.html").read_text()
    assert page.count("data:image/png;base64,") > 36
    assert "http" not in page.replace("http://www.w3.org", "")


def test_labels_of_folders_are_shown_and_doubted_where_all_neighbours_have_another(project: Path) -> None:
    for picture in sorted((project / "mugs").glob("*[0-9].png")):
        label = project / "mugs" / ("square" if picture.name == "disk07.png" else picture.name.rstrip("0123456789.png"))
        label.mkdir(exist_ok=True)
        picture.rename(label / picture.name)
    look("mugs", groups=3, by="simple")
    page = (project / "state/look/mugs/index.html").read_text()
    assert "Labels to look at: 1" in page
    groups = json.loads((project / "state/look/mugs/groups.json").read_text())["groups"]
    assert sum(group["labels"].get("disk", 0) for group in groups) == 11


def test_what_is_asked_for_has_to_be_there(project: Path) -> None:
    with pytest.raises(ConfigError, match="mugs: is there already; name a new folder"):
        look("mugs", by="simple", into=project / "mugs")
    with pytest.raises(ConfigError, match="--groups 0: at least one"):
        look("mugs", groups=0)
    (project / "params.yaml").write_text(PARAMS.format(source=project / "nowhere"))
    with pytest.raises(ConfigError, match="nowhere: no such folder"):
        look("mugs", by="simple")


def test_examples_that_are_all_the_same_are_one_group() -> None:
    inputs: NDArray[np.uint8] = np.full((8, 16, 16, 3), 7, dtype=np.uint8)
    found = group_examples(exploration.simple_features(inputs), lambda pairs: exploration.alike(inputs, pairs))
    assert found.count == 1
    assert (found.duplicate_of[1:] == 0).all()
    assert not found.outlier.any()
