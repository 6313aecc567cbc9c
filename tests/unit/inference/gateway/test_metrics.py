import math

import pytest
from prometheus_client.parser import text_string_to_metric_families
from pydantic import BaseModel, ConfigDict

from components.inference.gateway.cells import Cells
from components.inference.gateway.exposition import FAMILIES
from components.inference.gateway.metrics import Metrics
from components.kinds.upload import Upload
from tests.unit.inference.gateway.calls import call


class Answer(BaseModel):
    model_config = ConfigDict(protected_namespaces=())

    label: str
    model_version: str


class Number(BaseModel):
    value: float


@pytest.fixture
def metrics() -> Metrics:
    return Metrics(Cells.private())


def samples(metrics: Metrics) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """What Prometheus's own parser reads."""
    text = metrics.exposition().decode()
    families = text_string_to_metric_families(text)
    return {(one.name, tuple(sorted(one.labels.items()))): one.value for family in families for one in family.samples}


def test_prometheus_reads_every_family_with_its_type(metrics: Metrics) -> None:
    families = {family.name: family for family in text_string_to_metric_families(metrics.exposition().decode())}
    for family in FAMILIES:
        read = families[family.name.removesuffix("_total") if family.type == "counter" else family.name]
        assert (read.type, read.documentation) == (family.type, family.help)


def test_a_request_is_in_hand_until_it_is_over(metrics: Metrics) -> None:
    first, second = call(), call(path="/anything")
    metrics.guard(first)
    metrics.guard(second)
    assert samples(metrics)["journeyman_requests_in_hand", ()] == 2
    first.status, first.version, first.received, first.seconds = 200, "7", 426, 0.003
    first.answers = [Answer(label="Bag", model_version="7"), Answer(label="Coat", model_version="7")]
    second.status, second.outcome = 404, "invalid"
    metrics.observe(first)
    metrics.observe(second)
    found = samples(metrics)
    assert found["journeyman_requests_in_hand", ()] == 0
    assert found["journeyman_requests_total", (("path", "/predict"), ("status", "200"))] == 1
    assert found["journeyman_requests_total", (("path", "other"), ("status", "404"))] == 1
    assert found["journeyman_refused_total", (("reason", "invalid"),)] == 1
    assert found["journeyman_request_seconds_sum", (("path", "/predict"),)] == 0.003
    assert (found["journeyman_body_bytes_sum", ()], found["journeyman_rows_sum", ()]) == (426, 2)
    assert found["journeyman_predictions_total", (("label", "Coat"), ("version", "7"))] == 1


def test_an_answer_that_names_no_class_is_a_row_and_no_prediction(metrics: Metrics) -> None:
    told = call()
    metrics.guard(told)
    told.status, told.version, told.received, told.answers = 200, "7", 10, [Number(value=3.5)]
    metrics.observe(told)
    found = samples(metrics)
    assert found["journeyman_rows_sum", ()] == 1
    assert not any(name == "journeyman_predictions_total" for name, _ in found)


def test_requests_are_counted_by_path_and_status(metrics: Metrics) -> None:
    for status in (200, 200, 400, 503):
        metrics.answered("/predict", status, 0.001)
    metrics.answered("other", 404, 0.001)
    metrics.refused("rate")
    found = samples(metrics)
    counted = {labels: value for (name, labels), value in found.items() if name == "journeyman_requests_total"}
    assert counted == {
        (("path", "/predict"), ("status", "200")): 2,
        (("path", "/predict"), ("status", "400")): 1,
        (("path", "/predict"), ("status", "503")): 1,
        (("path", "other"), ("status", "404")): 1,
    }
    assert found["journeyman_refused_total", (("reason", "rate"),)] == 1


def test_a_histogram_has_every_value_at_or_below_its_bound(metrics: Metrics) -> None:
    values = [0.0001, 0.0005, 0.00051, 0.004, 0.2, 60.0]
    for value in values:
        metrics.answered("/predict", 200, value)
    found = samples(metrics)
    name, path = "journeyman_request_seconds", ("path", "/predict")
    buckets = {dict(labels)["le"]: value for (one, labels), value in found.items() if one == f"{name}_bucket"}
    assert buckets == {bound: sum(value <= float(bound) for value in values) for bound in buckets}
    assert len(buckets) == 14
    assert found[f"{name}_count", (path,)] == len(values) == buckets["+Inf"]
    assert found[f"{name}_sum", (path,)] == pytest.approx(math.fsum(values))


def test_what_was_asked_and_run_is_taken_down(metrics: Metrics) -> None:
    metrics.asked(426, 1)
    metrics.asked(20_000_000, 300)
    metrics.ran(8)
    found = samples(metrics)
    assert found["journeyman_body_bytes_sum", ()] == 20_000_426
    assert found["journeyman_body_bytes_bucket", (("le", "1024"),)] == 1
    assert found["journeyman_body_bytes_bucket", (("le", "16777216"),)] == 1
    assert found["journeyman_rows_sum", ()] == 301
    assert found["journeyman_batch_size_bucket", (("le", "4"),)] == 0
    assert found["journeyman_batch_size_bucket", (("le", "8"),)] == 1


def test_labels_are_counted_by_the_version_that_gave_them(metrics: Metrics) -> None:
    odd = 'a "b"\\n\tc\nd é'
    metrics.predicted("1", ["Bag", odd, "Bag"])
    metrics.predicted("2", ["Bag"])
    metrics.predicted("1", ["Bag"])
    found = samples(metrics)
    counted = {labels: value for (name, labels), value in found.items() if name == "journeyman_predictions_total"}
    assert counted == {
        (("label", "Bag"), ("version", "1")): 3,
        (("label", odd), ("version", "1")): 1,
        (("label", "Bag"), ("version", "2")): 1,
    }


def test_a_swap_changes_the_version_that_is_served(metrics: Metrics) -> None:
    metrics.serves("1")
    metrics.serves("2", "cuda")
    metrics.swapped("failed")
    found = samples(metrics)
    served = {labels: value for (name, labels), value in found.items() if name == "journeyman_model_workers"}
    assert served == {(("version", "1"),): 0, (("version", "2"),): 1}
    by = {labels: value for (name, labels), value in found.items() if name == "journeyman_provider_workers"}
    assert by == {(("provider", "cpu"),): 0, (("provider", "cuda"),): 1}
    assert found["journeyman_swaps_total", (("outcome", "done"),)] == 1
    assert found["journeyman_swaps_total", (("outcome", "failed"),)] == 1


def test_counters_outlive_their_worker_and_gauges_do_not() -> None:
    cells = Cells.private()
    before = Metrics(cells)
    before.answered("/predict", 200, 0.1)
    before.guard(call())
    before.serves("1")
    after = Metrics(Cells(cells._memory))
    after.answered("/predict", 200, 0.1)
    found = samples(after)
    assert found["journeyman_requests_total", (("path", "/predict"), ("status", "200"))] == 2
    assert found["journeyman_requests_in_hand", ()] == 0
    assert found["journeyman_model_workers", (("version", "1"),)] == 0


def test_files_are_counted_by_format_and_by_their_shorter_side(metrics: Metrics) -> None:
    assert "journeyman_upload_pixels_count" not in metrics.exposition().decode()  # where none is sent it has no series
    metrics.uploaded([Upload("PNG", 28, 28, 500), Upload("JPEG", 640, 480, 9_000), Upload("TIFF", None, None, 9)])
    metrics.uploaded([Upload("JPEG", 20, 3_000, 70), Upload("", None, None, 0)])
    found = samples(metrics)
    formats = {
        name: found["journeyman_uploads_total", (("format", name),)] for name in ("PNG", "JPEG", "TIFF", "other")
    }
    assert formats == {"PNG": 1, "JPEG": 2, "TIFF": 1, "other": 1}
    assert found["journeyman_upload_pixels_sum", ()] == 28 + 480 + 20
    assert found["journeyman_upload_pixels_bucket", (("le", "32"),)] == 2
