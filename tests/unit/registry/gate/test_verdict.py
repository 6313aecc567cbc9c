from components.registry.gate.verdict import COLUMNS, Rule, Verdict, decided

FINE = Rule(name="better: accuracy", champion=0.9, challenger=0.93, limit="above +0 at 95%", passed=True)
SLICES = [
    Rule(name="slice: class: cup", champion=0.9, challenger=0.91, limit="loses at most 0.02", passed=True),
    Rule(name="slice: class: plate", champion=0.9, challenger=0.89, limit="loses at most 0.02", passed=True),
    Rule(name="slice: class: bowl", champion=0.9, challenger=0.9, limit="loses at most 0.02", passed=True),
    Rule(name="slice: class: fork", champion=1.0, challenger=0.2, passed=None, note="9 examples, fewer than 50"),
]
WORSE = Rule(name="slice: class: knife", champion=0.9, challenger=0.5, limit="loses at most 0.02", passed=False)


def test_one_rule_is_enough_to_refuse_and_is_named() -> None:
    verdict = decided("mugs", "2", "1", [FINE, *SLICES, WORSE], "better")
    assert not verdict.passed
    assert (verdict.outcome, verdict.against) == ("refused", "version 1")
    assert verdict.refusals == ("slice: class: knife",)
    refused = "refused by slice: class: knife (0.5, limit loses at most 0.02)"
    assert verdict.reason == f"version 1 stays, version 2 is {refused}"


def test_what_is_not_judged_refuses_nothing() -> None:
    verdict = decided("mugs", "2", "1", [FINE, *SLICES], "better")
    assert verdict.passed
    assert verdict.outcome == "passed"
    assert verdict.reason == "better"


def test_what_warns_refuses_nothing_and_is_told() -> None:
    warning = Rule(name="robustness: noise", challenger=0.11, limit="at least 0.2166", passed=False, warns=True)
    verdict = decided("mugs", "1", None, [FINE, warning], "version 1 is the first champion")
    assert verdict.passed
    assert (verdict.outcome, verdict.against) == ("passed with warnings", "no champion")
    assert (verdict.refusals, verdict.warnings) == ((), ("robustness: noise",))
    told = "with a warning of robustness: noise (0.11, limit at least 0.2166)"
    assert verdict.reason == f"version 1 is the first champion, {told}"
    assert [row[4] for row in verdict.short()] == ["yes", "warns"]


def test_a_verdict_of_before_there_were_warnings_can_be_read() -> None:
    old = decided("mugs", "2", "1", [FINE, WORSE], "").model_dump(mode="json")
    for rule in old["rules"]:
        del rule["warns"]
    assert Verdict.model_validate(old).refusals == ("slice: class: knife",)


def test_a_verdict_outlives_its_way_through_json() -> None:
    verdict = decided("mugs", "2", None, [FINE, *SLICES, WORSE], "")
    assert Verdict.model_validate_json(verdict.model_dump_json()) == verdict


def test_the_table_on_a_console_shows_of_a_group_the_closest_or_the_refused() -> None:
    verdict = decided("mugs", "2", "1", [FINE, *SLICES], "")
    assert [len(row) for row in verdict.rows()] == [len(COLUMNS)] * 5
    assert [row[0] for row in verdict.short()] == ["better: accuracy", "slice: class: plate (3 of 4 judged)"]
    refused = decided("mugs", "2", "1", [FINE, *SLICES, WORSE], "")
    assert [row[0] for row in refused.short()] == ["better: accuracy", "slice: class: knife"]


def test_of_a_loss_the_closest_is_the_one_that_grew_most() -> None:
    numbers = (("a", 3.0, 2.0), ("b", 3.0, 3.5), ("c", 3.0, 2.9), ("d", 3.0, 1.0))
    rules = [
        Rule(name=f"slice: {name}", champion=before, challenger=now, passed=True, lower_is_better=True)
        for name, before, now in numbers
    ]
    assert [row[0] for row in decided("prices", "2", "1", rules, "").short()] == ["slice: b (all 4)"]
