from components.pages.blocks import Drawing, Paragraph, Table
from components.registry.card.measurements import CalibrationBin, Coverage, Estimate, UnfamiliarExamples
from components.registry.card.sections import unfamiliar_blocks


def test_a_bin_of_an_older_card_is_read() -> None:
    limits = {"low": 0.5, "high": 0.7, "count": 50}
    assert CalibrationBin.model_validate({"promised": 0.7, "found": 0.6, **limits}) == CalibrationBin(
        predicted=0.7, observed=0.6, **limits
    )


def test_of_unfamiliar_inputs_the_card_says_what_is_flagged_and_that_strangers_are_missed() -> None:
    found = UnfamiliarExamples(
        rate=0.01,
        validated_on=3_000,
        false_alarms=Estimate(name="false alarms", value=0.012, low=0.01, high=0.015, count=10_000),
        flagged_right=0.64,
        coverage=(Coverage(coverage=1.0, right=0.94), Coverage(coverage=0.5, right=0.99)),
    )
    curve = {"name": "noise", "values": [0.9, 0.8, 0.5, 0.2], "flagged": [0.01, 0.2, 0.7, 1.0]}
    said, right, caught, drawing, coverage = unfamiliar_blocks(
        {"measured": {"unfamiliar": found.model_dump(), "robustness": [curve]}}
    )
    assert isinstance(said, Paragraph)
    assert isinstance(right, Paragraph)
    assert "at most 1.0% is flagged, by 3,000 validation examples" in said.text
    assert "1.2% is (1.0% to 1.5%)" in said.text
    assert "near stranger" in said.text
    assert "64.0%" in right.text
    assert isinstance(caught, Table)
    assert caught.rows == [["Noise", "1.0%", "20.0%", "70.0%", "100.0%"]]
    assert isinstance(coverage, Table)
    assert coverage.rows == [["100.0%", "6.0%", "94.0%"], ["50.0%", "1.0%", "99.0%"]]
    assert isinstance(drawing, Drawing)
    assert unfamiliar_blocks({"measured": {}}) == []
