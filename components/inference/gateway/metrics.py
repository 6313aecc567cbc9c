"""What is counted on the way of every request, and shown at `/metrics` as the sum over all workers of one server.

A counter is an assignment to a cell that was looked up once. Not prometheus_client in its multi-process mode: counting
takes five times the CPU, a request 1.01 of it (docs/figures.md, "Counting a request"), which could be borne; but every
label `le` would change ("1" to "1.0"), and a worker that dies would leave files of its own behind, and its gauges.
"""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from typing import Any, cast

from components.inference.gateway.call import Call
from components.inference.gateway.cells import Cells
from components.inference.gateway.exposition import FAMILIES, cell, exposition
from components.inference.gateway.protocols import sagemaker
from components.inference.gateway.protocols.open_inference import paths
from components.kinds.upload import Upload

_PATHS = {
    "/", "/about", "/card", "/docs", "/docs.json", "/explain", "/labels", "/livez", "/metrics", "/predict", "/readyz",
    "/watch", sagemaker.PING, sagemaker.INVOCATIONS, *paths.ALL,
}  # fmt: skip
_BY_NAME = {family.name: family for family in FAMILIES}


def route_of(path: str) -> str:
    """Return the path if it is one of the endpoint's own, else `other`: callers make no series."""
    return path if path in _PATHS else "other"


class Metrics:
    """One worker's counters. All are moved by one thread, that of the event loop."""

    def __init__(self, cells: Cells) -> None:
        self._begin(cells)

    def share(self) -> None:
        """Count where the other workers of this server see it; what was counted before is dropped."""
        self._begin(Cells.shared())

    def _begin(self, cells: Cells) -> None:
        self._cells, self._values = cells, cells.values
        self._answered: dict[tuple[str, int], tuple[int, _Histogram]] = {}
        self._refused: dict[str, int] = {}
        self._labels: dict[str, dict[str, int]] = {}
        self._spent: dict[tuple[str, str], tuple[int, int]] = {}
        self._served: str | None = None
        self._bytes = _Histogram(cells, "journeyman_body_bytes")
        self._rows = _Histogram(cells, "journeyman_rows")
        self._formats: dict[str, int] = {}
        self._pixels: _Histogram | None = None
        self._batch = _Histogram(cells, "journeyman_batch_size")
        self._in_hand, self._index_in_hand = 0, cells.index(cell("journeyman_requests_in_hand"))
        self._index_logged = cells.index(cell("journeyman_log_rows_total"))
        self._forget("gauge")  # what the worker before this one has left was true of that one

    def guard(self, call: Call) -> None:
        """Count a request as in hand; the first of the guards, for `observe` hears of every request."""
        self._in_hand += 1
        self._values[self._index_in_hand] = self._in_hand

    def observe(self, call: Call) -> None:
        """Count a request that is over."""
        self._in_hand -= 1
        self._values[self._index_in_hand] = self._in_hand
        self.answered(route_of(call.path), call.status, call.seconds)
        if call.outcome != "answered":
            self.refused(call.outcome)
        if call.answers and call.version is not None:
            self.asked(call.received, len(call.answers))
            self.uploaded(call.uploads)
            for version, given in call.parts or ((call.version, call.answers),):
                answers = cast("Sequence[Any]", given)
                self.predicted(version, [answer.label for answer in answers if hasattr(answer, "label")])
                if unfamiliar := sum(getattr(answer, "unfamiliar", None) or 0 for answer in answers):
                    self.unfamiliar(version, unfamiliar)

    def shed(self) -> None:
        """Count a question that was refused before it was a call."""
        self.answered("/predict", 429, 0.0)
        self.refused("busy")

    def answered(self, path: str, status: int, seconds: float) -> None:
        """Count a request; `path` is one of the endpoint's own, or `other`: callers make no series."""
        found = self._answered.get((path, status))
        if found is None:
            found = self._answered[path, status] = self._new_path(path, status)
        counter, latency = found
        self._values[counter] += 1
        latency.add(seconds)

    def refused(self, reason: str) -> None:
        """Count a refusal; `reason` is one of a few words."""
        index = self._refused.get(reason)
        if index is None:
            index = self._refused[reason] = self._cells.index(cell("journeyman_refused_total", reason=reason))
        self._values[index] += 1

    def asked(self, size: int, rows: int) -> None:
        """Take down a request to the model: bytes of its body, examples in it."""
        self._bytes.add(size)
        self._rows.add(rows)

    def uploaded(self, uploads: Sequence[Upload]) -> None:
        """Count files that were answered."""
        for upload in uploads:
            index = self._formats.get(upload.format)
            if index is None:
                index = self._cells.index(cell("journeyman_uploads_total", format=upload.format or "other"))
                self._formats[upload.format] = index
            self._values[index] += 1
            if upload.width is not None and upload.height is not None:
                if self._pixels is None:
                    self._pixels = _Histogram(self._cells, "journeyman_upload_pixels")
                self._pixels.add(min(upload.width, upload.height))

    def ran(self, examples: int) -> None:
        """Take down one run of the model."""
        self._batch.add(examples)

    def predicted(self, version: str, labels: Sequence[str]) -> None:
        """Count answers by label."""
        known = self._labels.get(version)
        if known is None:
            self._labels = dict(list(self._labels.items())[-1:])  # of a champion and its canary both are known
            known = self._labels[version] = {}
        for label in labels:
            index = known.get(label)
            if index is None:
                name = cell("journeyman_predictions_total", version=version, label=label)
                index = known[label] = self._cells.index(name)
            self._values[index] += 1

    def unfamiliar(self, version: str, rows: int) -> None:
        """Count answers to examples that are like nothing the model was trained on."""
        self._values[self._cells.index(cell("journeyman_unfamiliar_total", version=version))] += rows

    def logged(self, rows: int) -> None:
        """Count rows that are in the prediction log."""
        self._values[self._index_logged] += rows

    def spent(self, path: str, version: str, cpu: float, joules: float, method: str) -> None:
        """Count the CPU seconds that a path, or `idle`, has used, and their energy; `method` is how that is known."""
        version = version or self._served or ""
        cells = self._spent.get((path, version))
        if cells is None:
            labels = {"path": path, "version": version}
            seconds = self._cells.index(cell("journeyman_cpu_seconds_total", **labels))
            energy = self._cells.index(cell("journeyman_energy_joules_total", **labels, method=method))
            cells = self._spent[path, version] = seconds, energy
        self._values[cells[0]] += cpu
        self._values[cells[1]] += joules

    def busy(self, cores: float) -> None:
        """Say how many cores this worker has kept busy of late."""
        self._values[self._cells.index(cell("journeyman_busy_cores"))] = cores

    @property
    def served(self) -> str | None:
        """Return the version that this worker answers with; None: none yet."""
        return self._served

    def lost(self, rows: int) -> None:
        """Count rows that were answered, or were to be, and are not in the prediction log."""
        self._values[self._cells.index(cell("journeyman_log_lost_rows_total"))] += rows

    def labelled(self, labels: int) -> None:
        """Count labels that are in the prediction log."""
        self._values[self._cells.index(cell("journeyman_log_labels_total"))] += labels

    def serves(self, version: str, provider: str = "cpu") -> None:
        """Say which version this worker answers with from now on, and by what it runs; count the change."""
        if self._served is not None:
            self.swapped("done")
        self._served = version
        self._forget("journeyman_model_workers")
        self._forget("journeyman_provider_workers")
        self._values[self._cells.index(cell("journeyman_model_workers", version=version))] = 1
        self._values[self._cells.index(cell("journeyman_provider_workers", provider=provider))] = 1

    def swapped(self, outcome: str) -> None:
        """Count an attempt to change the version; `outcome` is `done` or `failed`."""
        self._values[self._cells.index(cell("journeyman_swaps_total", outcome=outcome))] += 1

    def tried(self, version: str, outcome: str) -> None:
        """Count a request that a canary had; `outcome` is `answered`, or `failed`, and the champion answered."""
        self._values[self._cells.index(cell("journeyman_canary_requests_total", version=version, outcome=outcome))] += 1

    def canary(self, version: str, workers: int) -> None:
        """Say whether this worker tries a canary, 1 or 0."""
        self._values[self._cells.index(cell("journeyman_canary_workers", version=version))] = workers

    def canary_stopped(self, version: str) -> None:
        """Count a canary that this worker has stopped by itself."""
        self._values[self._cells.index(cell("journeyman_canary_stopped_total", version=version))] += 1

    def shadowed(self, version: str, workers: int) -> None:
        """Say whether this worker measures a version in the champion's shadow, 1 or 0."""
        self._values[self._cells.index(cell("journeyman_shadow_workers", version=version))] = workers

    def measured(self, version: str, seconds: float, role: str) -> None:
        """Take down what an example took in a run that answers nobody; `role` is `champion` or `challenger`."""
        _Histogram(self._cells, "journeyman_shadow_seconds", version=version, role=role).add(seconds)

    def shadow_failed(self, version: str) -> None:
        """Count a run of a version in the champion's shadow that failed."""
        self._values[self._cells.index(cell("journeyman_shadow_failed_total", version=version))] += 1

    def shadow_stopped(self, version: str) -> None:
        """Count a shadow that this worker has stopped by itself."""
        self._values[self._cells.index(cell("journeyman_shadow_stopped_total", version=version))] += 1

    def exposition(self, beside: Mapping[str, float] | None = None) -> bytes:
        """Return what all workers have counted, and what is known beside it, in Prometheus's text format."""
        return exposition({**self._cells.total(), **(beside or {})})

    def _new_path(self, path: str, status: int) -> tuple[int, "_Histogram"]:
        counter = self._cells.index(cell("journeyman_requests_total", path=path, status=str(status)))
        return counter, _Histogram(self._cells, "journeyman_request_seconds", path=path)

    def _forget(self, what: str) -> None:
        """Set the numbers of a family, or of all families of a type, to 0."""
        for name in self._cells.names():
            family = _BY_NAME.get(name.partition("\t")[0])
            if family and what in (family.name, family.type):
                self._values[self._cells.index(name)] = 0


class _Histogram:
    """The cells of one histogram: one a bucket, and the sum."""

    def __init__(self, cells: Cells, family: str, **labels: str) -> None:
        self._bounds, self._values = _BY_NAME[family].bounds, cells.values
        self._buckets = [cells.index(cell(family, bucket, **labels)) for bucket in _BY_NAME[family].buckets]
        self._sum = cells.index(cell(family, "sum", **labels))

    def add(self, value: float) -> None:
        """Take down one value."""
        self._values[self._buckets[bisect_left(self._bounds, value)]] += 1
        self._values[self._sum] += value
