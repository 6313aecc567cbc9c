from components.registry.card.measurements import CalibrationBin


def test_a_bin_of_an_older_card_is_read() -> None:
    limits = {"low": 0.5, "high": 0.7, "count": 50}
    assert CalibrationBin.model_validate({"promised": 0.7, "found": 0.6, **limits}) == CalibrationBin(
        predicted=0.7, observed=0.6, **limits
    )
