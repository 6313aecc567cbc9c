"""Which labels are not to be trusted, by the manifest alone: of a source that contradicts, of a class that floods.

A model that does harm is wrong in many ways; labels that were turned round are wrong where chance alone would have been
right. So a source is refused that agrees with the answers less than its own labels, dealt out at random, would; or
less than half as often as the other sources do of the same answers. What gets past, the gate sees on the test split.

Who was asked labels the latest answers first, about which others say nothing yet, and those that the model is least
sure of. Where something has just changed, such labels agree with few answers, and older ones of others with nearly all:
so they are held against labels of answers of the same day.
"""

from collections import Counter
from collections.abc import Iterator, Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from scipy.stats import binomtest

from components.prediction_log.event_id import milliseconds, of_text
from components.retraining.manifest import label_value

FEWEST = 30
"""Labels of a source under which nothing is said of it."""
ALPHA = 1e-3
"""How seldom a source is refused that agrees as often as the limit, at each training."""
_DAY = 86_400_000  # milliseconds
_KNOWN = 10  # labels of others under which an answer's agreement is not known


def refused(new: pa.Table, flood: float, before: Mapping[str, float]) -> list[str]:
    """Return what is against these labels, a sentence each that names whose they are; nothing: they may be learnt from.

    Args:
        new: rows of a manifest; see `manifest.py`.
        flood: part of them that one class may have.
        before: by class its part of the validation split; nothing: the labels are numbers.
    """
    named = new.filter(pc.is_valid(new["answer"]))
    return [*_flooding(new, flood, before), *(_contradicting(named) if before else ())]


def _flooding(new: pa.Table, flood: float, before: Mapping[str, float]) -> Iterator[str]:
    labels = Counter(map(label_text, new["label"].to_pylist()))
    total = sum(labels.values())
    if total < FEWEST or len(before) < 2:
        return
    for name, count in labels.items():
        limit = max(flood, (1 + before.get(name, 0.0)) / 2)
        if count > limit * total:
            (source, most), *_ = Counter(
                row["source"] for row in new.to_pylist() if label_text(row["label"]) == name
            ).most_common(1)
            yield (
                f"{count:,} of {total:,} new labels say {name!r} (retrain.flood allows {limit:.0%}; it was "
                f"{before.get(name, 0.0):.0%} of the validation split), {most:,} of them from {source!r}"
            )


def _contradicting(new: pa.Table) -> Iterator[str]:
    answers = np.array(new["answer"].to_pylist(), dtype=object)
    labels = np.array(list(map(label_text, new["label"].to_pylist())), dtype=object)
    sources = np.array(new["source"].to_pylist(), dtype=object)
    on_day = np.array([f"{day} {name}" for day, name in zip(_days(new), answers, strict=True)], dtype=object)
    shares, right = np.array(new["share"].to_pylist(), dtype=np.float64), answers == labels
    for source in sorted(set(sources)):
        its = sources == source
        if its.sum() < FEWEST:
            continue
        agreed = right[its]
        chance = _by_chance(answers[its], labels[its])
        if _is_below(agreed, chance):
            yield (
                f"labels of source {source!r} agree with {agreed.mean():.0%} of the answers, which labels dealt out at "
                f"random would do with {chance:.0%}: they may be turned round"
            )
            continue
        was_asked = not np.isnan(shares[its]).any()
        there, others = _of_others(on_day if was_asked else answers, right, its)
        if there.sum() >= FEWEST and _is_below(agreed[there], others / 2):
            yield (
                f"labels of source {source!r} agree with {agreed[there].mean():.0%} of the answers, those of others "
                f"with {others:.0%} of the same: one of them is wrong"
            )


def _by_chance(answers: NDArray[np.object_], labels: NDArray[np.object_]) -> float:
    """Return how often labels would agree that are dealt out at random among these answers."""
    said, told = Counter(answers), Counter(labels)
    return sum(said[name] * told[name] for name in said) / len(answers) ** 2


def _of_others(
    alike: NDArray[np.object_], right: NDArray[np.bool_], its: NDArray[np.bool_]
) -> tuple[NDArray[np.bool_], float]:
    """Return of which of its answers others have labelled enough, and how often those agree with answers alike.

    Args:
        alike: `[N]`, the same for answers that are held against each other.
        right: `[N]`, whether label and answer are the same.
        its: `[N]`, whose labels are of the source.
    """
    rates = {}
    for name in set(alike[~its]):
        same = (alike == name) & ~its
        if same.sum() >= _KNOWN:
            rates[name] = float(right[same].mean())
    there = np.array([name in rates for name in alike[its]], dtype=np.bool_)
    expected = [rates[name] for name in alike[its][there]]
    return there, float(np.mean(expected)) if expected else 0.0


def _days(new: pa.Table) -> Iterator[int]:
    """Yield the day of each answer, which its event id tells, counted since 1970."""
    return (milliseconds(of_text(name)) // _DAY for name in new["id"].to_pylist())


def _is_below(agreed: NDArray[np.bool_], limit: float) -> bool:
    if limit <= 0:
        return False
    found = binomtest(int(agreed.sum()), len(agreed), min(limit, 1.0), alternative="less")
    return bool(found.pvalue < ALPHA)


def label_text(said: str) -> str:
    """Return a label's JSON as answers name a class."""
    return str(label_value(said))
