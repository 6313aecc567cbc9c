"""How the embeddings of a day's answers are distributed: what no column of an example says.

The endpoint logs no embeddings. A few of the day's examples are asked of the bundle's graph again, which tells them.
"""

from datetime import UTC, date, datetime, time, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from components.prediction_log.reader import Log
from components.watch.arrow import examples, hashes, texts
from components.watch.bundles import Bundle
from components.watch.report import EmbeddingDrift
from components.watch.rows import CALLER
from components.watch.statistics.drift import Day, along
from components.watch.statistics.drift.two_samples import FEWEST, classifier_test

NEEDED = ("version", "origin", "example", "example_type", "hashes")
"""Columns of the log."""
ROWS = 200
"""Answers of a day that are asked again, at most; fewer where their examples would take more than 32 MiB."""
_BYTES = 2**25

Float32 = NDArray[np.float32]


def embeddings(log: Log, bundle: Bundle, day: date) -> tuple[EmbeddingDrift | None, Day | None]:
    """Return how well a classifier tells the day's embeddings from those of validation, and their counts by its axes.

    What cannot be known is None. An int8 graph's embeddings are others than those of validation, whatever comes: it is
    not asked.

    Args:
        log: of the workload.
        bundle: of the version that answered.
        day: that is over.

    Raises:
        BundleError: the bundle is not what it says of itself.
    """
    about, arrays = bundle.about, bundle.arrays
    if about is None or arrays is None or about.serve.get("precision", "float32") != "float32":
        return None, None
    if len(arrays.embedding) < FEWEST or not np.ptp(arrays.embedding, axis=0).any():
        return None, None
    rows = sample(log, bundle.version, day)
    if rows is None or len(rows) < FEWEST or len(texts(rows["example_type"]).unique()) > 1:
        return None, None
    embedding = bundle.graph.embedding(examples(rows["example"], texts(rows["example_type"])[0].as_py()))
    if embedding is None or embedding.shape[1] != arrays.embedding.shape[1]:
        return None, None
    entity, named = hashes(rows["hashes"], 1)
    return _apart(bundle, embedding, entity, day), _counted(bundle, embedding, entity if named.any() else None, day)


def _apart(bundle: Bundle, embedding: Float32, entity: NDArray[np.uint64], day: date) -> EmbeddingDrift | None:
    """Return what a classifier says of rows of which no two are of one entity."""
    alone = np.unique(entity, return_index=True)[1]
    if len(alone) < FEWEST:
        return None
    live = embedding[np.sort(alone)].astype(np.float16).astype(np.float32)
    assert bundle.arrays is not None
    found = classifier_test(bundle.arrays.embedding.astype(np.float32), live)
    return EmbeddingDrift(
        day=day, rows=len(live), size=found.size, p_value=found.p_value, watched=bundle.embedded is not None
    )


def _counted(bundle: Bundle, embedding: Float32, entity: NDArray[np.uint64] | None, day: date) -> Day | None:
    if bundle.embedded is None or bundle.arrays is None or bundle.arrays.axes is None:
        return None
    return bundle.embedded.count(along(bundle.arrays.axes, embedding), entity, np.datetime64(day))


def sample(log: Log, version: str, day: date) -> pa.RecordBatch | None:
    """Return a part of the callers' answers: those whose event has the smallest hash."""
    since = datetime.combine(day, time.min, UTC)
    found: pa.RecordBatch | None = None
    for batch in log.answers(since, since + timedelta(days=1), NEEDED):
        of_callers = pc.and_(pc.equal(texts(batch["version"]), version), pc.equal(texts(batch["origin"]), CALLER))
        rows = batch.filter(of_callers)
        if not len(rows):
            continue
        kept = {name: texts(rows[name]) for name in ("example", "example_type", "hashes")}
        rows = pa.record_batch(kept) if found is None else pa.concat_batches([found, pa.record_batch(kept)])
        size = max(pc.max(pc.binary_length(rows["example"])).as_py(), 1)
        order = np.argsort(hashes(rows["hashes"], 0)[0], kind="stable")
        found = rows.take(pa.array(order[: min(ROWS, max(FEWEST, _BYTES // size))]))
    return found
