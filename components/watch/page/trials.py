"""What the page shows of trials on live work: of each how it stands, and how its evidence went."""

from collections.abc import Iterator, Sequence

from components.pages.blocks import Block, Command, Drawing, Paragraph, Table
from components.pages.curves import NARROW
from components.pages.evidence import Evidence
from components.pages.formatting import name, number
from components.watch.report import Report
from components.watch.trials import Finding, Trial

_DRAWN = 3  # trials whose evidence is drawn
_COLUMNS = ["trial", "since (UTC)", "until (UTC)", "how it stands", "answers", "labels", "better", "worse", "E"]


def waiting_and_tried(report: Report) -> Iterator[Block]:
    """Yield the blocks of a report: who waits for a person, what is under way, and what ended lately."""
    for version in report.waiting:
        yield Paragraph(
            f"Version {version} has passed all that stands between it and work, and waits for a person. Its evidence, "
            "and the button that puts it to work, are on the page of:"
        )
    if report.waiting:
        yield Command(f"python -m flows.promote {report.workload} --serve")
    yield from tried(report.trials)


def tried(trials: Sequence[Trial]) -> Iterator[Block]:
    """Yield the blocks of trials; none of none."""
    if not trials:
        return
    for trial in trials:
        if trial.state == "runs":
            yield Paragraph(f"{_named(trial)}: {_stands(trial.found)}.")
    drawn = [trial for trial in trials if trial.found and trial.found.course]
    for trial in sorted(drawn, key=lambda each: each.state != "runs")[:_DRAWN]:
        yield from _evidence(trial)
    yield Table(_COLUMNS, [_row(trial) for trial in trials], caption="Under way, and lately ended")
    ended = [[_named(trial), trial.why] for trial in trials if trial.why]
    if ended:
        yield Table(["trial", "by what it ended"], ended)


def _named(trial: Trial) -> str:
    how = f"Canary of {100 * trial.share:g} %" if trial.kind == "canary" and trial.share else name(trial.kind)
    return f"{how}: version {trial.version} beside version {trial.against or 'none'}"


def _stands(found: Finding | None) -> str:
    if found is None:
        return "nothing was compared yet (flows.shadow does it)"
    cost = f"; {found.cost}" if found.cost else ""
    if found.evidence is None or found.needed is None:
        return f"{found.answers:,} answers were asked again; {found.why}{cost}"
    both = f"{name(found.metric).lower()} {number(found.now)} against {number(found.before)}"
    return (
        f"{both} on {found.labelled:,} labels; better on {found.better:,} of them, worse on {found.worse:,}; evidence "
        f"{_power(found.evidence)}, and it is decided at {found.needed:g} (up to {found.when:%Y-%m-%d %H:%M}){cost}"
    )


def _evidence(trial: Trial) -> Iterator[Block]:
    assert trial.found
    assert trial.found.needed
    said = f"{_named(trial)}, evidence E by label"
    curve = Evidence(said, trial.found.course, trial.found.needed)
    keys = [("line", "E"), ("level", f"decides at {trial.found.needed:g}")]
    yield Drawing(curve.draw(), said, keys, curve.draw(NARROW))


def _row(trial: Trial) -> list[str]:
    found = trial.found
    until = f"{trial.until:%Y-%m-%d %H:%M}" if trial.until else ""
    counted = (found.answers, found.labelled, found.better, found.worse) if found else ()
    counts = [f"{count:,}" for count in counted] or [""] * 4
    evidence = _power(found.evidence) if found and found.evidence is not None else ""
    return [_named(trial), f"{trial.since:%Y-%m-%d %H:%M}", until, trial.state, *counts, evidence]


def _power(evidence: float) -> str:
    return f"{evidence:.3g}"
