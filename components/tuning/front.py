"""What trials have reached, as a figure: the metric by milliseconds of an answer and by seconds of training."""

from collections.abc import Sequence
from pathlib import Path

from matplotlib import rc_context
from matplotlib.figure import Figure
from optuna.trial import FrozenTrial

from components.system.files import whole_file
from components.tuning.search import Found

_AXES = (("reached.latency", "CPU milliseconds of an answer"), ("reached.cost", "CPU seconds of training"))
_PLAIN, _BEST, _AS_IT_IS = "#8795a1", "#c05621", "#1f2933"


def draw_front(path: Path, found: Found) -> None:
    """Write the figure as SVG: all trials that came to their end, the best of them, and the section as it is."""
    complete = [trial for trial in found.ended if "reached.metric" in trial.user_attrs]
    first = [trial for trial in complete if trial.number == 0]
    with rc_context({"svg.hashsalt": "front", "font.size": 9}):
        figure = Figure(figsize=(8, 3.4), layout="constrained")
        for axes, (key, label) in zip(figure.subplots(1, 2, sharey=True), _AXES, strict=True):
            for trials, colour, name, marker in (
                (complete, _PLAIN, "trials", "o"),
                (found.best, _BEST, "best", "o"),
                (first, _AS_IT_IS, "as it is", "x"),
            ):
                axes.plot(_values(trials, key), _values(trials, "reached.metric"), marker, color=colour, label=name)
            axes.set_xlim(left=0.0)
            axes.set_xlabel(label)
            axes.grid(alpha=0.3)
        figure.axes[0].set_ylabel(f"{found.metric} of the validation split")
        figure.axes[1].legend(frameon=False)
        path.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(path) as draft:
            figure.savefig(draft, format="svg", metadata={"Date": None})


def _values(trials: Sequence[FrozenTrial], key: str) -> list[float]:
    return [float(trial.user_attrs[key]) for trial in trials]
