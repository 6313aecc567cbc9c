"""The sections of a card, in the order in which a person asks; what is not known has none."""

from collections.abc import Mapping, Sequence
from typing import Any

from components.pages.blocks import (
    Block,
    BulletList,
    Command,
    Definitions,
    Drawing,
    Image,
    Paragraph,
    Section,
    Table,
)
from components.pages.formatting import day, name, number, share, spread
from components.registry.card.figures import draw_calibration, draw_coverage, draw_intervals, draw_robustness
from components.registry.gate import COLUMNS, Verdict

Card = Mapping[str, Any]

_SLICES_SHOWN = 30  # in the drawing, the worst first; the table has them all
_MODELS = {"network": "the network", "trees": "trees", "ease": "EASE", "joint": "both together"}
_UNKNOWN = "not known: too few examples"
_ELSEWHERE = "calibration"  # the figure that has a section of its own
_LINEAGE = {
    "git.commit": "Private commit",
    "git.head": "On the user's commit",
    "parent": "Replaces version",
    "dvc.source": "Source, DVC's MD5",
    "dvc.raw": "Raw records, DVC's MD5",
    "dvc.prepared": "Prepared data, DVC's MD5",
    "packages_sha256": "Packages, SHA-256",
    "constraints_sha256": "Constraints, SHA-256",
    "lineage_sha256": "Lineage, SHA-256",
}


def card_sections(card: Card, figures: Mapping[str, bytes]) -> list[Section]:
    """Return the sections of `card`.

    Args:
        card: what `card_contents` returns.
        figures: what the evaluation drew, PNG by name.
    """
    made: dict[str, Sequence[Block]] = {
        "The model": _model(card),
        "What it is for": [Paragraph(card["intended"])] if "intended" in card else [],
        "What it must not be used for": [BulletList(card["not_for"])] if "not_for" in card else [],
        "The data": _data(card),
        "What it began with": _backbone(card),
        "Pictures without labels": _unlabelled(card),
        "How good it is": metrics_table(card),
        "Cross-validation": cross_validation_table(card),
        "Slices": _slices(card),
        "Calibration": _calibration(card, figures),
        "Columns": columns_blocks(card),
        "Robustness": _robustness(card),
        "Unfamiliar inputs": unfamiliar_blocks(card),
        "Behaviour": _rules(card, "behaviour"),
        "What it looks like": [Image(name(key), png) for key, png in figures.items() if key != _ELSEWHERE],
        "The gate's verdict": _verdict(card),
        "What became of it": _history(card),
        "What it was made of": _lineage(card),
        "How to make it again": [Command(f"python -m flows.rebuild {card['name']} {card['version']}")],
        "Whom to ask": [Paragraph(card["contact"])] if "contact" in card else [],
    }
    return [Section(title, blocks) for title, blocks in made.items() if blocks]


def headline(card: Card) -> list[tuple[str, str, str]]:
    """Return label, value and note of what a person wants to know first; what is not known is left out."""
    verdict = Verdict.model_validate(card["verdict"]) if "verdict" in card else None
    worst = _worst_slices(card)
    rows = [
        (
            name(metric["name"]),
            number(metric["model"]),
            f"baseline {number(metric['baseline'])}" if metric["baseline"] is not None else "",
        )
        for metric in card.get("metrics", [])
        if metric["decides"]
    ]
    if found := _cross_validated(card):
        best = found["metrics"][0]
        beside = f", baseline {number(best['baseline'])}" if best["baseline"] is not None else ""
        rows.append((f"{name(best['name'])}, cross-validated", number(best["value"]), f"{_folds(found)}{beside}"))
    if worst:
        rows.append(("Worst slice", number(worst[0]["value"]), worst[0]["name"]))
    if verdict:
        rows.append(("Gate", verdict.outcome, f"against {verdict.against}"))
    return rows


def _model(card: Card) -> list[Block]:
    known = {
        "Version": card["version"],
        "Model": _served(card.get("model", {})),
        "Trained": day(card["trained"]) if "trained" in card else "",
        "Computes in": card.get("precision", ""),
        "Bundle, SHA-256": card.get("bundle_sha256", ""),
    }
    rows = [(label, value) for label, value in known.items() if value]
    trained = [(label, str(value)) for label, value in card.get("parameters", {}).items()]
    table = [Table(["parameter", "value"], trained, "Trained with")] if trained else []
    return [Definitions(rows), *table]


def _served(model: Card) -> str:
    """Return in words which model serves, and what chose it."""
    serves = _MODELS.get(model.get("serves", ""), "")
    if "metric" not in model:
        return serves
    reached = {words: float(model[of]) for of, words in _MODELS.items() if of in model}
    values = ", ".join(f"of {words} {number(value)}" for words, value in reached.items())
    others = [value for words, value in reached.items() if words != serves]
    ahead = min(abs(reached[serves] - value) for value in others)
    return f"{serves}, chosen by the validation split: {name(model['metric'])} {values} (by {number(ahead)})"


def _data(card: Card) -> list[Block]:
    data = card.get("data", {})
    rows = [(name(key), data[key]) for key in ("title", "licence", "homepage") if data.get(key)]
    rows += [(f"Examples, {split}", f"{count:,}") for split, count in data.get("examples", {}).items()]
    rows += [(f"Left out, {what}", f"{count:,}") for what, count in data.get("left_out", {}).items()]
    limits: list[Block] = [Paragraph("Its limits:"), BulletList(card["limits"])] if "limits" in card else []
    return [*([Definitions(rows)] if rows else []), *limits]


def _backbone(card: Card) -> list[Block]:
    """Return what is known of the pretrained network whose weights the training began with."""
    if not (backbone := card.get("backbone")):
        return []
    words = "Its training began with a network that had learned from other pictures, and has what it learned from them."
    labels = {"title": "Network", "learned_from": "Learned from", "licence": "Licence", "homepage": "Homepage"}
    rows = [
        (label, backbone[key]) for key, label in {**labels, "sha256": "Tensors, SHA-256"}.items() if key in backbone
    ]
    return [Paragraph(words), Definitions(rows)]


def _unlabelled(card: Card) -> list[Block]:
    """Return what examples without labels were worth; nothing where none were tried."""
    if not (found := card.get("unlabelled")):
        return []
    learned = "learned from them" if found["kept"] == "true" else "learned from labels alone"
    words = (
        f"Beside its labelled examples there were {int(found['count']):,} without labels. It was trained twice, in as "
        "many steps, once from them as well (FixMatch), and the better on the validation split was kept: this is the "
        f"model that {learned}."
    )
    rows = [
        [label, share(float(found[of])), f"{share(float(found[f'{of}_low']))} to {share(float(found[f'{of}_high']))}"]
        for of, label in (("alone", "labels alone"), ("both", "examples without labels as well"))
    ]
    caption = f"On the {int(found['validated_on']):,} examples of the validation split, which chose"
    table = Table(["learned from", "right", "95 % interval"], rows, caption)
    facts = [("Folder", found["folder"]), ("Its files, SHA-256", found["sha256"])]
    return [Paragraph(words), table, Definitions(facts)]


def metrics_table(card: Card) -> list[Block]:
    """Return the table of the metrics with their intervals; nothing where none is known."""
    if not card.get("metrics"):
        return []
    found = {metric["name"]: metric for metric in card.get("measured", {}).get("metrics", [])}
    rows = [
        [
            name(metric["name"]),
            number(metric["model"]),
            spread(found.get(metric["name"], {})),
            number(metric["baseline"]),
        ]
        for metric in card["metrics"]
    ]
    caption = "On the test split, which it has never seen; the first row decides"
    return [Table(["measure", "model", "95 % interval", "baseline"], rows, caption)]


def cross_validation_table(card: Card) -> list[Block]:
    """Return the table of what was found by cross-validation; nothing where the test split was large enough."""
    if not (found := _cross_validated(card)):
        return []
    rows = [
        [name(row["name"]), number(row["value"]), number(row["spread"]), spread(row), number(row["baseline"])]
        for row in found["metrics"]
    ]
    words = (
        f"Cross-validated {_folds(found)}: each example was answered by a model that never saw it and was trained like "
        "this one. The test split is too small to tell two models apart; the gate goes by this table."
    )
    columns = ["measure", "models", "± over the folds", "95 % interval", "baseline"]
    return [Table(columns, rows, words)]


def _cross_validated(card: Card) -> Card:
    found: Card = card.get("measured", {}).get("cross_validated", {})
    return found


def _folds(found: Card) -> str:
    return f"over {found['examples']:,} examples, {found['folds']} folds"


def _slices(card: Card) -> list[Block]:
    shown = _worst_slices(card)[:_SLICES_SHOWN]
    return [Drawing(draw_intervals(shown)), *slices_table(card)] if shown else []


def slices_table(card: Card, most: int | None = None) -> list[Block]:
    """Return the table of the slices, the worst first, at most so many; nothing where none is known."""
    worst = _worst_slices(card)
    rows = [
        [estimate["name"], number(estimate["value"]), spread(estimate) or _UNKNOWN, f"{estimate['count']:,}"]
        for estimate in worst
    ]
    columns = ["slice", "value", "95 % interval", "examples"]
    return [Table(columns, rows[:most], "The worst first", drawn=True)] if rows else []


def _worst_slices(card: Card) -> list[dict[str, Any]]:
    measured = card.get("measured", {})
    found: list[dict[str, Any]] = measured.get("slices", [])
    highest_first = measured.get("lower_is_better", False)
    return sorted(found, key=lambda estimate: float(estimate["value"]), reverse=highest_first)


def _calibration(card: Card, figures: Mapping[str, bytes]) -> list[Block]:
    bins = card.get("measured", {}).get("calibration", [])
    drawn: list[Block] = [Image("Calibration", figures[_ELSEWHERE])] if _ELSEWHERE in figures else []
    if not bins:
        return [*drawn, *_rules(card, "calibration")]
    rows = [[share(bin["predicted"]), share(bin["observed"]), spread(bin), f"{bin['count']:,}"] for bin in bins]
    columns = ["predicted", "observed", "95 % interval", "examples"]
    table = Table(
        columns, rows, "Predicted probability, and the share that was observed, of answers about as sure", drawn=True
    )
    return [*(drawn or [Drawing(draw_calibration(bins))]), *_rules(card, "calibration"), table]


def columns_blocks(card: Card) -> list[Block]:
    """Return what each column is worth and costs; nothing where examples are made of no columns."""
    measured = card.get("measured", {})
    if not (found := measured.get("columns")):
        return []
    metric = name(measured["metric"])
    words = (
        f"What this model loses in {metric} where a column's values are another test example's (permutation "
        "importance). Of two columns that say the same it may lose little by either; a model that is trained without a "
        "column may lose less."
    )
    rows = [
        [row["name"], str(row["features"]), number(row["lost"]), spread(row) or _UNKNOWN, f"{row['microseconds']:,.1f}"]
        for row in found
    ]
    columns = ["column", "features", "lost without it", "95 % interval", "µs a record"]
    caption = "The most first; µs: CPU time of making its features, one record after another"
    table = Table(columns, rows, caption)
    useless = [row["name"] for row in found if row["low"] is not None and row["low"] <= 0.0]
    if not useless:
        return [Paragraph(words), table]
    return [Paragraph(words), table, Paragraph(f"No loss can be told from chance without: {', '.join(useless)}.")]


def _robustness(card: Card) -> list[Block]:
    curves = card.get("measured", {}).get("robustness", [])
    if not curves:
        return _rules(card, "robustness")
    columns = ["corrupted by", "not at all", "a little", "clearly", "badly"]
    rows = [[name(curve["name"]), *map(number, curve["values"])] for curve in curves]
    metric = name(card["measured"]["metric"])
    return [Drawing(draw_robustness(curves)), Table(columns, rows, f"{metric} of corrupted examples", True)]


def unfamiliar_blocks(card: Card) -> list[Block]:
    """Return what is said of unfamiliar inputs; nothing where the model cannot tell them."""
    measured = card.get("measured", {})
    if not (found := measured.get("unfamiliar")):
        return []
    alarms, rate = found["false_alarms"], found["rate"]
    does = "gets no answer" if found.get("abstains") else "is answered, and flagged"
    words = (
        f"An input that is like nothing in the training data {does}. It is stated that of familiar inputs at most "
        f"{share(rate)} is flagged, by {found['validated_on']:,} validation examples; of the test split "
        f"{share(alarms['value'])} is ({share(alarms['low'])} to {share(alarms['high'])}). A near stranger, which "
        "resembles a class without being of it, is often missed: that nothing is flagged does not mean that an answer "
        "is right."
    )
    right = found.get("flagged_right")
    more = [Paragraph(f"Of the flagged test examples {share(right)} would be answered rightly.")] if right else []
    curves = [curve for curve in measured.get("robustness", []) if curve.get("flagged")]
    columns = ["corrupted by", "not at all", "a little", "clearly", "badly"]
    rows = [[name(curve["name"]), *map(share, curve["flagged"])] for curve in curves]
    caught = [Table(columns, rows, "The part of corrupted examples that is flagged")] if rows else []
    return [Paragraph(words), *more, *caught, *_coverage(found)]


def _coverage(found: Card) -> list[Block]:
    if not (points := found.get("coverage", [])):
        return []
    rows = [[share(point["coverage"]), share(1 - point["right"]), share(point["right"])] for point in points]
    caption = "Risk and coverage: were the most unfamiliar test examples not answered"
    return [
        Drawing(draw_coverage(points), "Risk and coverage"),
        Table(["answered", "of these wrong", "right"], rows, caption, drawn=True),
    ]


def _rules(card: Card, group: str) -> list[Block]:
    """Return the rows of the verdict that belong together."""
    verdict = Verdict.model_validate(card["verdict"]) if "verdict" in card else None
    found = [rule for rule in (verdict.rules if verdict else ()) if rule.group == group]
    rows = [[rule.name.partition(": ")[2], *rule.row()[2:]] for rule in found if rule.challenger is not None]
    return [Table([group, "found", *COLUMNS[3:]], rows)] if rows else []


def _verdict(card: Card) -> list[Block]:
    if "verdict" not in card:
        return []
    verdict = Verdict.model_validate(card["verdict"])
    words = Paragraph(f"{verdict.outcome.capitalize()}, held against {verdict.against}: {verdict.reason}")
    return [words, Table(COLUMNS, verdict.rows())] if verdict.rules else [words]


def _history(card: Card) -> list[Block]:
    rows = [
        [day(entry["when"]), entry["what"], entry["from"] or "none", entry["to"] or "none", entry["reason"]]
        for entry in card.get("history", [])
    ]
    return [Table(["when", "what", "from version", "to version", "why"], rows)] if rows else []


def _lineage(card: Card) -> list[Block]:
    lineage = card.get("lineage", {})
    rows = [(_LINEAGE.get(key, name(key)), value) for key, value in lineage.items()]
    if "run" in card:
        rows.append(("MLflow run", card["run"]))
    changed = "Files differed from the user's commit; the private commit holds them as they were."
    return [Definitions(rows), *([Paragraph(changed)] if card.get("dirty") else [])] if lineage else []
