import base64
import re
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.registry.card.render import brief, markdown, page
from components.registry.gate import Rule, Verdict
from components.tracking.description import LONGEST

PNG = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg==")
TITLES = [
    "The model", "What it is for", "What it must not be used for", "The data", "What it began with",
    "Pictures without labels", "How good it is", "Slices", "Calibration", "Columns", "Robustness", "Behaviour",
    "What it looks like", "The gate's verdict", "What became of it", "What it was made of", "How to make it again",
    "Whom to ask",
]  # fmt: skip
WORTH = {
    f"{of}{bound}": value
    for of, values in (("both", (0.8, 0.65, 0.9)), ("alone", (0.7, 0.55, 0.8)))
    for bound, value in zip(("", "_low", "_high"), map(str, values), strict=True)
}
WHERE = "    mlflow artifacts download --artifact-uri models:/cups/2/card.html"
VOID = {"meta", "img"}


def full(text: str) -> dict[str, Any]:
    """A card that knows everything, `text` wherever a person or the data may say something."""
    rules = (
        Rule(name="better: accuracy", champion=0.8, challenger=0.9, limit="above +0", passed=True, note=text),
        Rule(name="calibration: expected error", challenger=0.02, limit="at most 0.05", passed=True),
        Rule(name=f"behaviour: {text} (invariance)", challenger=0.5, limit="at least 0.8", passed=False),
    )
    verdict = Verdict(workload="cups", challenger="2", champion="1", rules=rules, passed=False, reason=text)
    estimate = {"name": text, "value": 0.9, "low": 0.85, "high": 0.94, "count": 100}
    told = {"predicted": 0.7, "observed": 0.6, "low": 0.5, "high": 0.7, "count": 50}
    measured = {
        "metric": "accuracy",
        "metrics": [{**estimate, "name": "accuracy"}],
        "slices": [{**estimate, "name": f"{text} {index}"} for index in range(20)],
        "calibration": [told, {**told, "predicted": 0.9, "observed": 0.95}],
        "robustness": [{"name": text, "values": [0.9, 0.8, 0.5, 0.1]}],
        "columns": [
            {"name": text, "features": 3, "lost": 0.2, "low": 0.1, "high": 0.3, "microseconds": 41.25},
            {"name": "shoe size", "features": 1, "lost": 0.0, "low": -0.01, "high": 0.01, "microseconds": 0.4},
        ],
    }
    moved = {"number": 1, "when": "2026-05-04T03:02:01+00:00", "what": "overridden", "from": None, "to": "2"}
    return {
        "name": "cups", "version": "2", "description": text, "intended": text, "not_for": [text], "limits": [text],
        "contact": text, "trained": "2026-05-04T03:02:01+00:00", "bundle_sha256": "ab" * 32, "precision": "int8",
        "data": {"title": text, "licence": text, "homepage": text, "examples": {"train": 1200, "test": 100}},
        "backbone": {"title": text, "learned_from": text, "licence": text, "homepage": text, "sha256": "cd" * 32},
        "unlabelled": {"folder": text, "sha256": "ef" * 32, "count": "1200", "kept": "true", "validated_on": "40",
                       **WORTH},
        "metrics": [{"name": "accuracy", "model": 0.9, "baseline": 0.7, "decides": True}],
        "measured": measured, "parameters": {"epochs": text}, "verdict": verdict.model_dump(mode="json"),
        "model": {"serves": "trees", "metric": "accuracy", "network": 0.8, "trees": 0.85},
        "history": [{**moved, "reason": text}], "lineage": {"git.commit": "c0ffee", "parent": "1"}, "dirty": True,
        "commit": "c0ffee", "run": text,
    }  # fmt: skip


class Read(HTMLParser):
    """Reads a page as a browser does."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.titles: list[str] = []
        self.words: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)
        if self.open and self.open[-1] == "h2":
            self.titles.append(data)


def test_every_section_is_on_the_page_and_in_the_markdown() -> None:
    read = Read(page(full("plain"), {"confusion": PNG, "worst_mistakes": PNG}))
    assert read.titles == TITLES
    assert read.open == []
    without = [title for title in TITLES if title != "What it looks like"]
    assert re.findall(r"^## (.+)$", markdown(full("plain")), re.MULTILINE) == without


@pytest.mark.parametrize(
    "gone",
    [
        "intended",
        "not_for",
        "backbone",
        "unlabelled",
        "measured",
        "verdict",
        "history",
        "lineage",
        "contact",
        "metrics",
    ],
)
def test_what_is_not_known_is_left_out(gone: str) -> None:
    card = full("plain")
    del card[gone]
    titles = Read(page(card, {})).titles
    assert set(titles) < set(TITLES)
    assert "" not in titles


def test_a_version_of_which_only_the_name_is_known_has_a_card() -> None:
    assert Read(page({"name": "cups", "version": "2"}, {})).titles == ["The model", "How to make it again"]
    assert "python -m flows.rebuild cups 2" in markdown({"name": "cups", "version": "2"})


def test_it_says_what_pictures_without_labels_were_worth() -> None:
    card = full("plain")
    assert "this is the model that learned from them" in markdown(card)
    assert "| examples without labels as well | 80.0% | 65.0% to 90.0% |" in markdown(card)
    card["unlabelled"]["kept"] = "false"
    assert "this is the model that learned from labels alone" in markdown(card)


def test_it_needs_no_script_and_no_other_address() -> None:
    text = page(full("plain"), {"calibration": PNG, "samples": PNG})
    read = Read(text)
    assert "script" not in {tag for tag, _ in read.tags}
    links = [value for _, attrs in read.tags for name, value in attrs.items() if name in ("src", "href", "action")]
    assert [link for link in links if not str(link).startswith("data:image/png;base64,")] == []
    assert len(links) == 2
    assert not re.search(r"https?://|url\(|@import", text)
    assert not [attrs for _, attrs in read.tags if "style" in attrs]  # a policy could not tell ours from another's


@pytest.mark.slow
@given(st.text(min_size=1) | st.sampled_from(['"><script>alert(1)</script>', "</style><b>", "&lt;", "' onload='x"]))
def test_no_text_becomes_part_of_the_page(text: str) -> None:
    written, plainly = Read(page(full(text), {})), Read(page(full("plain"), {}))
    assert shape(written) == shape(plainly)
    assert written.open == []


@pytest.mark.slow
@given(st.text(min_size=1) | st.sampled_from(["a | b", "# x", "<b>", "[x](y)", "a\n## b", "`x`"]))
def test_no_text_becomes_part_of_the_markdown(text: str) -> None:
    lines = markdown(full(text)).splitlines()
    heads = [line for line in lines if line.startswith("#")]
    assert heads == ["# cups 2", *(f"## {title}" for title in TITLES if title != "What it looks like")]
    assert not [line for line in lines if re.search(r"(?<!\\)[<\[`]", line)]
    widths = [len(re.findall(r"(?<!\\)\|", line)) for line in lines if line.startswith("|")]
    assert widths == [
        len(re.findall(r"(?<!\\)\|", line)) for line in markdown(full("plain")).splitlines() if line.startswith("|")
    ]


def test_markdown_is_escaped_once_and_as_markdown() -> None:
    lines = markdown(full("1. <b>&lt;_*")).splitlines()
    assert lines[2] == "1\\. \\<b\\>\\&lt;\\_\\*"
    assert "- 1. \\<b\\>\\&lt;\\_\\*" in lines


def shape(read: Read) -> list[tuple[str, list[str]]]:
    """Return the elements and the names of their attributes; a cell is marked if it is a number."""
    return [(tag, [] if tag == "td" else sorted(attrs)) for tag, attrs in read.tags]


def test_the_deciding_measure_has_its_interval() -> None:
    words = Read(page(full("plain"), {})).words
    assert words.count("0.8500 to 0.9400") == 21  # the measure, and twenty slices


def test_it_says_which_model_serves_and_by_how_much_it_is_better() -> None:
    chosen = "trees, chosen by the validation split: Accuracy of the network 0.8000, of trees 0.8500 (by 0.0500)"
    assert chosen in Read(page(full("plain"), {})).words
    assert "trees" in Read(page({**full("plain"), "model": {"serves": "trees"}}, {})).words
    assert "trees" not in page({**full("plain"), "model": {}}, {})


def test_what_matters_most_stands_first() -> None:
    card = full("plain")
    card["measured"]["slices"][7] |= {"value": 0.4321, "name": "class: saucer"}
    text = page(card, {})
    first = Read(text[text.index('<dl class="first">') : text.index("</dl>")] + "</dl>").words
    said = ["Accuracy", "0.9000", "baseline 0.7000", "Worst slice", "0.4321", "class: saucer"]
    assert first == [*said, "Gate", "refused", "against version 1"]


def test_what_was_left_out_of_the_data_is_told() -> None:
    told = full("text")
    told["data"] = {**told["data"], "left_out": {"unreadable": 3}}
    for text in (page(told, {}), markdown(told)):
        assert "Left out, unreadable" in text


def test_it_says_the_verdict_the_metrics_the_worst_slices_and_where_the_card_is() -> None:
    card = full("plain")
    card["measured"]["slices"].insert(7, {"name": "worst", "value": 0.1, "low": 0.0, "high": 0.2, "count": 9})
    lines = brief(card).splitlines()
    assert lines[0] == "**cups 2: refused**, plain"
    assert "| measure | model | 95 % interval | baseline |" in lines
    start = lines.index("| slice | value | 95 % interval | examples |")
    assert lines[start + 2] == "| worst | 0.1000 | 0.0000 to 0.2000 | 9 |"
    assert len([line for line in lines[start + 2 :] if line.startswith("|")]) == 5
    assert lines[-1] == WHERE


def test_of_a_version_that_was_neither_judged_nor_measured_it_says_so() -> None:
    lines = brief({"name": "cups", "version": "2"}).splitlines()
    assert (lines[0], lines[-1]) == ("**cups 2: not judged**", WHERE)


@given(st.text(min_size=1) | st.sampled_from(["a | b", "# x", "<b>", "[x](y)", "a\n## b", "`x`", "*" * 3_000]))
def test_whatever_names_are_it_is_short_enough_and_nothing_becomes_markdown(text: str) -> None:
    said = brief(full(text))
    assert len(said) <= LONGEST
    lines = said.splitlines()
    assert lines[0].startswith("**cups 2: refused**, ")
    assert lines[-1] == WHERE
    assert not [line for line in lines if line.startswith("#") or re.search(r"(?<!\\)[<\[`]", line)]


def test_a_column_of_which_nothing_is_lost_is_named() -> None:
    told = markdown(full("age"))
    assert "| age | 3 | 0.2000 | 0.1000 to 0.3000 | 41.2 |" in told
    assert "No loss can be told from chance without: shoe size." in told
