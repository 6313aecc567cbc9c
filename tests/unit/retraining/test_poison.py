import json
from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from components.prediction_log.event_id import as_text
from components.retraining.poison import refused

DAY_MS = 86_400_000
CLASSES = ("cup", "mug", "plate")
EVEN = dict.fromkeys(CLASSES, 1 / 3)
RARE = {"fine": 0.99, "fraud": 0.01}


def labelled(
    source: str, answers: Sequence[str | None], labels: Sequence[str], day: int = 0, share: float | None = None
) -> pa.Table:
    return pa.table(
        {
            "id": [as_text((day * DAY_MS << 80) + (7 << 76) + row) for row in range(len(labels))],
            "answer": pa.array(answers, pa.string()),
            "label": [json.dumps(text) for text in labels],
            "source": [source] * len(labels),
            "share": pa.array([share] * len(labels), pa.float64()),
        }
    )


def told(source: str, count: int, right: float, seed: int, classes: Sequence[str] = CLASSES) -> pa.Table:
    """Labels of answers of which `right` are right; another class is as likely as the next."""
    random = np.random.default_rng(seed)
    answers = random.choice(classes, count)
    turned = [str(random.choice([other for other in classes if other != name])) for name in answers]
    labels = [name if random.random() < right else other for name, other in zip(answers, turned, strict=True)]
    return labelled(source, answers.tolist(), labels)


def test_labels_of_a_good_and_of_a_bad_model_may_be_learnt_from() -> None:
    for right in (0.95, 0.6, 0.4):
        for seed in range(20):
            both = pa.concat_tables([told("alice", 200, right, seed), told("bob", 100, right, 100 + seed)])
            assert refused(both, 0.8, EVEN) == []


def test_a_source_that_turns_every_label_round_is_named() -> None:
    (said,) = refused(told("eve", 100, 0.0, 1), 0.8, EVEN)  # though nobody else says anything
    assert said.startswith("labels of source 'eve' agree with 0% of the answers")
    both = pa.concat_tables([told("alice", 300, 0.9, 2), told("eve", 100, 0.1, 3)])
    assert [said.split("'")[1] for said in refused(both, 0.8, EVEN)] == ["eve"]


def test_names_that_json_writes_otherwise_are_the_same_names() -> None:
    classes = ("Tasse", 'Krug "groß"', "café")
    even = dict.fromkeys(classes, 1 / 3)
    assert refused(told("alice", 200, 0.9, 1, classes), 0.8, even) == []
    (said,) = refused(told("eve", 100, 0.0, 1, classes), 0.8, even)
    assert said.startswith(
        "labels of source 'eve' agree with 0% of the answers, which labels dealt out at random would"
    )
    frequent = labelled("caller", ["café"] * 100, ["café"] * 88 + ["Tasse"] * 12)
    assert refused(frequent, 0.8, {"café": 0.9, "Tasse": 0.1}) == []  # it is as frequent on the validation split
    (said,) = refused(labelled("caller", ["café"] * 100, ["café"] * 100), 0.8, even)
    assert "new labels say 'café' (retrain.flood allows 80%; it was 33% of the validation split)" in said


def test_two_classes_turned_round_are_named() -> None:
    (said,) = refused(told("eve", 60, 0.08, 1, ("no", "yes")), 0.8, {"no": 0.5, "yes": 0.5})
    assert "'eve'" in said


def test_a_source_that_is_at_odds_with_the_others_is_named() -> None:
    both = pa.concat_tables([told("alice", 300, 0.95, 2), told("eve", 100, 0.33, 3)])
    (said,) = refused(both, 0.8, EVEN)
    assert "'eve'" in said
    assert "those of others with" in said


def test_who_was_asked_about_what_is_new_is_held_against_labels_of_the_same_day() -> None:
    """On the third day the model is wrong about most that somebody is asked about, and nobody else has labelled any."""
    random = np.random.default_rng(4)
    before = told("caller", 300, 0.99, 2)
    answers = random.choice(CLASSES, 60).tolist()
    others = [next(each for each in CLASSES if each != name) for name in answers]
    mostly = [
        name if index % 4 == 0 else other for index, (name, other) in enumerate(zip(answers, others, strict=True))
    ]
    asked = labelled("alice", answers, mostly, day=2, share=1.0)
    assert refused(pa.concat_tables([before, asked]), 0.8, EVEN) == []
    (said,) = refused(pa.concat_tables([before, labelled("eve", answers, mostly, day=2)]), 0.8, EVEN)
    assert "'eve'" in said  # nobody asked for hers
    later = labelled("caller", answers, answers, day=2)
    (said,) = refused(pa.concat_tables([before, asked, later]), 0.8, EVEN)
    assert "'alice'" in said  # of the same day others say the contrary


def test_investigators_who_see_alerts_alone_are_not_at_odds() -> None:
    """Of flagged payments one in three is a fraud; of the others nearly none, and those labels come from elsewhere."""
    random = np.random.default_rng(0)
    looked_at = labelled("investigation", ["fraud"] * 150, random.choice(["fraud", "fine"], 150, p=[0.3, 0.7]).tolist())
    late = labelled("caller", ["fine"] * 2_000, random.choice(["fraud", "fine"], 2_000, p=[0.005, 0.995]).tolist())
    assert refused(pa.concat_tables([looked_at, late]), 0.8, RARE) == []


def test_a_class_that_floods_is_named_with_whoever_says_it() -> None:
    flood = labelled("bot", ["plate"] * 900, ["plate"] * 900)
    (said,) = refused(pa.concat_tables([flood, told("alice", 100, 0.9, 1)]), 0.8, EVEN)
    assert "say 'plate'" in said
    assert "'bot'" in said
    assert (
        refused(labelled("caller", ["fine"] * 990 + ["fraud"] * 10, ["fine"] * 990 + ["fraud"] * 10), 0.8, RARE) == []
    )


def test_of_few_labels_nothing_is_said_and_of_numbers_neither() -> None:
    assert refused(told("eve", 20, 0.0, 1), 0.8, EVEN) == []
    numbers = labelled("eve", [None] * 50, ["3.5"] * 50)
    assert refused(numbers, 0.8, {}) == []
