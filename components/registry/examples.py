"""The examples of a version, for people to click: stored with it, from its own test split."""

import json
from dataclasses import replace
from typing import Any

import numpy as np

from components.config.settings import artifacts
from components.inference.bundle import read_about
from components.inference.examples import EXAMPLES, MOST, examples, spread
from components.inference.sample_requests import requests
from components.kinds.prepared import PreparedData, open_prepared
from components.registry.version import Version


def keep_examples(version: Version, data: PreparedData) -> None:
    """Store examples of `data`, which the version was trained on, unless it has some."""
    if version.examples() is None:
        version.store({EXAMPLES: json.dumps(examples(data), sort_keys=True)})


def version_examples(version: Version) -> list[dict[str, Any]] | None:
    """Return the version's examples; None: it has none.

    A version from before they were kept has those of today's test split, if its bundle takes them.
    """
    kept = version.examples()
    return _of_today(version) if kept is None else kept


def _of_today(version: Version) -> list[dict[str, Any]] | None:
    if not (prepared := artifacts(version.workload, "prepared")).exists():  # who rolls back may have no data at hand
        return None
    about, data = read_about(version.bundle()), open_prepared(prepared)
    indices = spread(np.asarray(data.labels("test")), MOST)
    if about.classes != data.classes or requests(about, data, indices) is None:
        return None
    return examples(replace(data, input=about.input))
