"""What the bundle of a version tells whoever watches it, read when it is first asked for."""

from collections.abc import Callable, Mapping
from functools import cached_property
from importlib.metadata import version as installed
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from components import catalogue
from components.config.errors import JourneymanError
from components.inference.bundle import ABOUT, SERVING, About, read_about
from components.inference.bundle import Bundle as Graph
from components.inference.reference import ReferenceArrays, read_reference
from components.kinds.prepared import known as is_known
from components.system.files import sha256
from components.tasks.rates import Rate
from components.watch.slices import Slices
from components.watch.statistics.calibration import EXACT, Calibration, fit_calibration
from components.watch.statistics.drift import Reference, unpacked

if TYPE_CHECKING:
    from components.tasks.contract import Live

BundleOf = Callable[[str], Path]
"""A version -> the folder of its bundle.

Raises:
    JourneymanError: it cannot be had.
"""
_CALIBRATED = 100  # labelled validation examples from which the calibration is fitted


class Bundle:
    """What is known of one version."""

    def __init__(self, version: str, bundle_of: BundleOf) -> None:
        self.version = version
        self.path = Path()
        """The folder; of one that cannot be had it says nothing."""
        self.about: About | None = None
        self.arrays: ReferenceArrays | None = None
        self.question = ""
        """Why something is not told, as a sentence."""
        self.identity = ""
        """What is another as soon as the bundle is, or what its kind and task are of; empty where it cannot be had."""
        try:
            self.path = path = bundle_of(version)
            self.about = read_about(path)
            self.arrays = read_reference(path / SERVING)
        except JourneymanError as error:
            self.about = None
            self.question = f"version {version} has no bundle to compare with ({error}): only its traffic is told"
            return
        code = [f"{name} {installed(name)}" for name in self.about.requires]
        self.identity = " ".join([sha256(path / ABOUT), *code])
        if self.arrays is None:
            self.question = (
                f"version {version} was made before bundles brought a reference: traffic is told, drift and quality not"
            )

    @cached_property
    def live(self) -> "Live | None":
        """By what its answers are measured at work; None: its task does not say, or there is no reference."""
        if self.about is None or self.arrays is None:
            return None
        return catalogue.live(self.about.kind, self.about.task)

    @cached_property
    def reference(self) -> Reference | None:
        """The counts of its validation split."""
        return None if self.arrays is None else unpacked(self.arrays.drift)

    @cached_property
    def graph(self) -> Graph:
        """The graph itself.

        Raises:
            BundleError: the bundle is not what it says of itself.
        """
        return Graph(self.path)

    @cached_property
    def embedded(self) -> Reference | None:
        """The counts of its validation split's embeddings; None: it has none, or serves others than those."""
        arrays = self.arrays
        if self.about is None or arrays is None or arrays.axes is None or not arrays.embedded:
            return None
        return unpacked(arrays.embedded) if self.about.serve.get("precision", "float32") == "float32" else None

    @cached_property
    def rates(self) -> Mapping[str, Rate]:
        """The rates on the labelled validation examples of the reference; none where its task has none."""
        if self.live is None:
            return {}
        assert self.about is not None
        assert self.arrays is not None
        there, outputs = is_known(self.arrays.labels), self.arrays.outputs
        return self.live.rates(outputs[there], self.arrays.labels[there], self.about.decision, outputs)

    @cached_property
    def slices(self) -> Slices:
        """The parts that are judged each for itself."""
        if self.about is None or self.arrays is None:
            return Slices({}, (), np.empty(0))
        there, codes = is_known(self.arrays.labels), self.arrays.slices
        of_columns = (self.arrays.slice_rules, None if codes is None else codes[there])
        return Slices(self.rates, self.about.classes, self.arrays.labels[there], *of_columns)

    @cached_property
    def calibration(self) -> Calibration:
        """How far its probabilities are off, by the labelled validation examples."""
        if self.arrays is None:
            return EXACT
        there, entity = is_known(self.arrays.labels), self.arrays.entity
        if int(there.sum()) < _CALIBRATED:
            return EXACT
        of_whom = None if entity is None else entity[there]
        return fit_calibration(self.arrays.outputs[there], self.arrays.labels[there], of_whom)


class Bundles(dict[str, Bundle]):
    """The bundles by version, each read when it is first asked for."""

    def __init__(self, bundle_of: BundleOf) -> None:
        super().__init__()
        self._bundle_of = bundle_of

    def __missing__(self, version: str) -> Bundle:
        self[version] = found = Bundle(version, self._bundle_of)
        return found
