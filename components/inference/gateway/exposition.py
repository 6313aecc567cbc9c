"""Prometheus's text format: the families of numbers that an endpoint shows, and how they are written.

Format: https://prometheus.io/docs/instrumenting/exposition_formats/ (version 0.0.4).
"""

from dataclasses import dataclass
from itertools import accumulate

LEFT_OUT = "journeyman_metrics_left_out_total"
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


@dataclass(frozen=True)
class Family:
    """One metric and what is said of it."""

    name: str
    type: str
    help: str
    bounds: tuple[float, ...] = ()
    """Upper bounds of a histogram's buckets, without the last one, infinity."""

    @property
    def buckets(self) -> list[str]:
        """The names of a histogram's buckets."""
        return [*map(_number, self.bounds), "+Inf"]


_SECONDS = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
_RUNS = tuple(digit * 10.0**power for power in range(-5, 0) for digit in (1, 2, 5))  # 10 us to 0.5 s
_COUNTS = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 1024.0)
_PIXELS = tuple(16.0 * 2**power for power in range(10))  # 16 to 8192
_BYTES = tuple(1024.0 * 4**power for power in range(8))  # 1 KiB to 16 MiB

FAMILIES = (
    Family("journeyman_requests_total", "counter", "Requests answered, by path and status."),
    Family("journeyman_refused_total", "counter", "Requests refused, by reason."),
    Family("journeyman_request_seconds", "histogram", "From a request's first byte to its answer's last.", _SECONDS),
    Family("journeyman_body_bytes", "histogram", "Size of the body of requests to the model.", _BYTES),
    Family("journeyman_uploads_total", "counter", "Pictures that were answered, by the format of their file."),
    Family("journeyman_upload_pixels", "histogram", "Shorter side of pictures as they were sent.", _PIXELS),
    Family("journeyman_rows", "histogram", "Examples in one request.", _COUNTS),
    Family("journeyman_batch_size", "histogram", "Examples in one run of the model.", _COUNTS),
    Family("journeyman_requests_in_hand", "gauge", "Requests that have come and are not answered yet."),
    Family("journeyman_cpu_seconds_total", "counter", "CPU seconds of the workers, by path (or idle) and version."),
    Family("journeyman_energy_joules_total", "counter", "Their energy; method: rapl (measured) or estimate."),
    Family("journeyman_busy_cores", "gauge", "Cores that the workers kept busy in the last second."),
    Family("journeyman_model_workers", "gauge", "Workers that answer with this version."),
    Family("journeyman_provider_workers", "gauge", "Workers whose model runs by this provider: cpu or cuda."),
    Family("journeyman_swaps_total", "counter", "Changes of version while running, by outcome."),
    Family("journeyman_canary_workers", "gauge", "Workers in which this version answers a share beside the champion."),
    Family("journeyman_canary_share", "gauge", "Of all entities, the share that this version answers as a canary."),
    Family("journeyman_canary_requests_total", "counter", "Requests of a canary's share, by version and outcome."),
    Family("journeyman_canary_stopped_total", "counter", "Canaries stopped at once for failures, slowness or harm."),
    Family("journeyman_shadow_workers", "gauge", "Workers in which this version is measured beside the champion."),
    Family(
        "journeyman_shadow_seconds",
        "histogram",
        "CPU seconds of an example in a run that answers nobody, by version and role: champion or challenger.",
        _RUNS,
    ),
    Family("journeyman_shadow_failed_total", "counter", "Runs of a version in the champion's shadow that failed."),
    Family("journeyman_shadow_stopped_total", "counter", "Shadows stopped at once for failures or slowness."),
    Family("journeyman_predictions_total", "counter", "Answers, by version and label."),
    Family("journeyman_unfamiliar_total", "counter", "Answers to examples like nothing seen in training, by version."),
    Family("journeyman_log_rows_total", "counter", "Rows that are in the prediction log."),
    Family("journeyman_log_lost_rows_total", "counter", "Rows that could not be written to the prediction log."),
    Family("journeyman_log_labels_total", "counter", "Labels that are in the prediction log."),
    Family("journeyman_watch_verdict", "gauge", "1 for what the last watch said of the version at work, else 0."),
    Family("journeyman_watch_since_timestamp_seconds", "gauge", "Since when that verdict holds; left out of `well`."),
    Family("journeyman_watch_age_seconds", "gauge", "How long ago the last watch looked."),
    Family(LEFT_OUT, "counter", "What found no room among the series above."),
)
_ESCAPED = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n"})


def cell(family: str, part: str = "", **labels: str) -> str:
    """Name one number: of a counter or gauge, or of a histogram's bucket or `sum`."""
    return f"{family}\t{_labels(labels)}\t{part}"


def exposition(total: dict[str, float]) -> bytes:
    """Write the numbers, by the names that `cell` gives, family by family."""
    found = _by_family(total)
    lines = []
    for family in FAMILIES:
        lines += [f"# HELP {family.name} {family.help}", f"# TYPE {family.name} {family.type}"]
        for labels, parts in sorted(found.get(family.name, {}).items()):
            lines += _histogram(family, labels, parts) if family.bounds else [_line(family.name, labels, parts[""])]
    return "\n".join([*lines, ""]).encode()


def _by_family(total: dict[str, float]) -> dict[str, dict[str, dict[str, float]]]:
    """Return the numbers by family, labels and part."""
    found: dict[str, dict[str, dict[str, float]]] = {}
    for name, value in total.items():
        family, _, rest = name.partition("\t")
        labels, _, part = rest.rpartition("\t")
        found.setdefault(family, {}).setdefault(labels, {})[part] = value
    return found


def _histogram(family: Family, labels: str, parts: dict[str, float]) -> list[str]:
    below = list(accumulate(parts.get(bucket, 0.0) for bucket in family.buckets))
    comma = "," if labels else ""
    return [
        *(
            _line(f"{family.name}_bucket", f'{labels}{comma}le="{bucket}"', count)
            for bucket, count in zip(family.buckets, below, strict=True)
        ),
        _line(f"{family.name}_sum", labels, parts.get("sum", 0.0)),
        _line(f"{family.name}_count", labels, below[-1]),
    ]


def _line(name: str, labels: str, value: float) -> str:
    return f"{name}{{{labels}}} {_number(value)}" if labels else f"{name} {_number(value)}"


def _labels(labels: dict[str, str]) -> str:
    return ",".join(f'{name}="{value.translate(_ESCAPED)}"' for name, value in labels.items())


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(value)
