"""What other ways of training again would have answered, in `benchmarks/story.py`: to the same requests, as logged."""

import contextlib
import io
import os
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from components import catalogue
from components.config.settings import artifacts
from components.data.ingest import ingest
from components.data.prepare import prepare
from components.inference.bundle import Bundle
from components.kinds.prepared import open_prepared
from components.prediction_log.reader import Log
from components.retraining.manifest import gather, write
from components.training.models import train_models
from components.training.restore import restored
from components.training.temperature import temperature_and_decision
from components.watch.arrow import examples, parts
from demo.story import Story
from flows.watch import delay_of

Inputs = NDArray[np.generic]
_BATCH = 500
Model = Callable[[Inputs], list[str]]
"""Examples as a model takes them -> labels."""


def costs(story: Story, inputs: Sequence[Inputs], models: Sequence[Model]) -> list[float]:
    """Return what each day would have cost, had it been answered by its model."""
    asked = zip(story.days, inputs, models, strict=True)
    return [
        sum(story.work.cost(each.example, said) for each, said in zip(day, model(rows), strict=True))
        for day, rows, model in asked
    ]


def logged(story: Story, log: Log) -> list[Inputs]:
    """Return by day the examples as the endpoint has made them of what it was asked, in the order of `story.days`."""
    found: dict[str, NDArray[np.generic]] = {}
    for batch in log.answers(columns=["id", "example", "example_type"]):
        for kind, rows in parts(batch, "example_type"):
            found.update(zip(rows["id"].to_pylist(), examples(rows["example"], kind), strict=True))
    return [np.stack([found[each.answer["id"]] for each in day]) for day in story.days]


def of_bundle(path: Path) -> Model:
    """Return what a registered version answers."""
    bundle = Bundle(path)
    codec = catalogue.codec(bundle.about.kind, bundle.about.task)

    def answers(rows: Inputs) -> list[str]:
        decided = codec.decide(bundle.outputs(rows), bundle.about.decision)
        return [bundle.about.classes[index] for index in decided]

    return answers


def trained(workload: str, log: Path, as_of: datetime) -> Model:
    """Return what a model answers that is trained in this folder, as the stages do it, on what was known by then."""
    section = catalogue.workload(workload)
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        if not artifacts(workload, "raw").exists():
            ingest(workload)
        write(workload, gather(workload, Log.open(log), as_of, delay_of(section)))
        ingest(workload)
        prepare(workload)
        data = open_prepared(artifacts(workload, "prepared"), artifacts(workload, "backbone"))
        config = catalogue.decided(section, data).train
        learner = catalogue.learner(data.kind, data.task)
        module = restored(learner, data, config, train_models(learner, data, config).weights)
    temperature, decision = temperature_and_decision(learner, module, data, config)
    codec, serving = catalogue.codec(data.kind, data.task), learner.serving(module, temperature)

    def answers(rows: Inputs) -> list[str]:
        with torch.inference_mode():
            outputs = [serving(torch.from_numpy(rows[start : start + _BATCH]))[0].numpy() for start in starts(rows)]
        return [data.classes[index] for index in codec.decide(np.concatenate(outputs), decision)]

    return answers


def starts(rows: Inputs) -> range:
    """Return where batches begin."""
    return range(0, len(rows), _BATCH)


@contextlib.contextmanager
def standing_in(folder: Path) -> Iterator[None]:
    """Have the block's components work in this folder."""
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)
