"""Whether examples without labels are learned from, known before anything is trained and without torch."""

from typing import TYPE_CHECKING

from components.training.plan import duration, training_plan

if TYPE_CHECKING:
    from components.config.params import Training
    from components.kinds.prepared import PreparedData

_WORK = 9.0
"""Times the work of a training from labels alone: beside each labelled example four others, each seen twice."""


def learns_unlabelled(data: "PreparedData", config: "Training") -> bool:
    """Whether there are examples without labels, and few enough with one."""
    return data.unlabelled() is not None and config.learns_unlabelled(data.counts["train"], len(data.classes))


def unlabelled_plan(data: "PreparedData", config: "Training") -> str | None:
    """Return in one line what the examples without labels are used for, and why; None: there are none.

    `config` is the section `train`, with what it leaves to the data decided.
    """
    if (known := data.unlabelled()) is None:
        return None
    labels = f"{data.counts['train'] / len(data.classes):.3g} labels a class"
    if not learns_unlabelled(data, config):
        return f"{known.count:,} examples without labels are left aside: beside {labels} they are worth nothing"
    seconds = training_plan(config, data.counts["train"], data.input).estimated_seconds
    return (
        f"with {labels} it is trained twice, in as many steps: from labels alone, and from {known.count:,} examples "
        f"without labels as well (FixMatch), which takes {duration(_WORK * seconds)}; the better on the validation "
        "split is kept"
    )
