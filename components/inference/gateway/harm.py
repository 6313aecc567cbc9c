"""Whether a canary does harm, by labels as they come to the endpoint: of each labelled row both versions are asked.

Only labels count that name a row by its event id, that nobody has asked for, and whose row is in the latest part of the
log. All others, and what is better, are left to `flows.shadow`.
"""

from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np

from components.inference.bundle import label_value
from components.inference.engine.canary import Canary
from components.inference.engine.engine import Engine
from components.inference.engine.model import Model
from components.inference.gateway.answer_log import AnswerLog
from components.kinds.labels import Label
from components.prediction_log.lookup import AnsweredRow

Value = str | float


async def look_for_harm(engine: Engine, log: AnswerLog, labels: Sequence[Label], values: Sequence[Value]) -> None:
    """Have the canary stop if the labels say so; does nothing where none is tried, or labels are not final yet."""
    canary = engine.canary
    if canary is None or canary.guard.harm is None:
        return
    named = {
        label.event_id: value
        for label, value in zip(labels, values, strict=True)
        if label.event_id and label.share is None and label.event_id.int not in canary.guard.labelled
    }
    if not named:
        return
    answered = await engine.beside(partial(log.answers_of, list(named)), canary.batcher)
    told = {id.int: value for id, value in named.items() if id.int in answered}
    won, lost = await engine.beside(partial(_compared, canary, engine.model, answered, told), canary.batcher)
    canary.guard.labelled.update(told)
    canary.guard.compared(won, lost)
    if canary.guard.stopped and canary is engine.canary:
        engine.end_canary(canary.guard.stopped)


def _compared(
    canary: Canary, champion: Model, answered: Mapping[int, AnsweredRow], told: Mapping[int, Value]
) -> tuple[int, int]:
    """Return on how many rows the canary is better, and on how many the champion is."""
    model, won, lost = canary.batcher.model, 0, 0
    for said, other in ((model, champion), (champion, model)):
        ids = [id for id in told if answered[id].version == said.version]
        labels = [[label_value(told[id], each.about) for id in ids] for each in (said, other)]
        known = [n for n in range(len(ids)) if labels[0][n] is not None and labels[1][n] is not None]
        if not known:
            continue
        rows = [answered[ids[n]] for n in known]
        outputs = np.stack([row.outputs for row in rows]), other.outputs(np.stack([row.example for row in rows]))
        own, others = (
            each.losses(its, [float(said_of[n] or 0.0) for n in known])
            for each, its, said_of in zip((said, other), outputs, labels, strict=True)
        )
        if own is not None and others is not None:
            mine, its = (own, others) if said is model else (others, own)
            won, lost = won + int((mine < its).sum()), lost + int((mine > its).sum())
    return won, lost
