"""Pictures that were answered at work and labelled are learnt from: the story of `test_story.py` is one of records."""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import yaml

from components.config.settings import artifacts
from components.inference.bundle import Bundle
from components.kinds.prepared import open_prepared
from components.prediction_log.description import Description, describe
from components.prediction_log.event_id import EventIds, as_text
from components.prediction_log.record import Answered, Label
from components.prediction_log.writer import Writer
from components.registry.promotion.trial import UNSEEN
from components.registry.register import register
from components.registry.version import get_version
from tests.conftest import Project
from tests.registering import promoted

LOG = Path("state/log/digits")
LIVE_ONES = 150


def test_labelled_pictures_of_the_log_are_learnt_from(trained: Project, prefect_url: str) -> None:
    promoted(register("digits")[0])
    before = dict(open_prepared(artifacts("digits", "prepared")).counts)
    ids = answered_and_labelled()
    params = trained.path / "params.yaml"
    section = yaml.safe_load(params.read_text())
    section["workloads"]["digits"]["retrain"] = {"labels": 100, "cooldown": 0.0}
    params.write_text(yaml.safe_dump(section))

    began = datetime.now(UTC)
    said = trained.run("python", "-m", "flows.retrain", "digits", PREFECT_API_URL=prefect_url)
    assert f"{LIVE_ONES} from alice" in said
    counts = open_prepared(artifacts("digits", "prepared")).counts
    moved = {split: counts[split] - before[split] for split in counts}
    assert sum(moved.values()) == LIVE_ONES
    assert moved["test"] > 0  # they are examined on, and not learnt
    assert pq.read_table(artifacts("digits", "raw") / "manifest.parquet")["id"].to_pylist() == ids
    tags = get_version("digits", "2").tags()
    assert tags["journeyman.parent"] == "1"
    assert began < datetime.fromisoformat(tags[UNSEEN]) < datetime.now(UTC)


def answered_and_labelled() -> list[str]:
    """Have the version at work answer pictures that are darker, and somebody say what they are; return their ids."""
    data, bundle = open_prepared(artifacts("digits", "prepared")), Bundle(artifacts("digits", "bundle"))
    pictures = (np.asarray(data.inputs("train"))[:LIVE_ONES] * 0.9).astype(np.uint8)
    outputs, truth = bundle.outputs(pictures), [data.classes[label] for label in data.labels("train")[:LIVE_ONES]]
    describe(LOG, Description(workload="digits", kind="image", task="classification"))
    writer, identity, moment = Writer.open(LOG), EventIds().new(), int(datetime.now(UTC).timestamp() * 1e6)
    said = [f'{{"label": "{data.classes[best]}"}}'.encode() for best in outputs.argmax(axis=1)]
    writer.answered(Answered(identity, moment, 0.01, "1", "r", outputs, pictures, said))
    ids = [as_text(identity + row) for row in range(LIVE_ONES)]
    named = zip(ids, truth, strict=True)
    writer.labelled([Label(value, moment, event_id=name, source="alice") for name, value in named])
    writer.close()
    return ids
