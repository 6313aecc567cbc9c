"""What people said of labels that are likely wrong: questions of the label page, and answers as corrections."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from components.kinds.corrections import Correction
from components.kinds.prepared import PreparedData
from components.kinds.resplit import all_examples
from components.kinds.upload import Shown
from components.labelling.questions import GIVEN, Done, Question
from components.relabelling.suspects import Suspect

_SOURCE = "source"  # what of a question holds the label as it stands in the source

Show = Callable[[Any, Any], Shown]


def questions(suspects: Sequence[Suspect], data: PreparedData, show: Show | None) -> Iterator[Question]:
    """Yield a question about each; `show` makes a file of an example that has no record."""
    inputs = all_examples(data, "inputs") if show is not None else None
    for each in suspects:
        shown: dict[str, Any] = {GIVEN: each.given, _SOURCE: each.source}
        file = None
        if each.record is not None:
            shown["record"] = each.record
        elif show is not None and inputs is not None:
            file = show(inputs[each.place], data.input).address
        yield Question(each.name, 0, shown, file, each.likely, [])


def corrections(done: Iterable[Done], before: Sequence[Correction]) -> list[Correction]:
    """Return what the answers make of the corrections that there are.

    An answer that is the label which was learned from changes nothing; one that is the source's takes a correction
    back.
    """
    found = {each.name: each for each in before}
    for each in done:
        name, said = each.question.id, str(each.value) if each.what == "label" else ""
        if each.what not in ("label", "unusable") or said == each.question.shown[GIVEN]:
            continue
        source = each.question.shown[_SOURCE]
        if said == source:
            found.pop(name, None)
        else:
            at = datetime.fromtimestamp(each.at_us / 1e6, UTC).isoformat(timespec="seconds")
            found[name] = Correction(name, source, said, each.who, at)
    return sorted(found.values(), key=lambda each: each.name)
