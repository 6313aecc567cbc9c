from components.training.formatting import listed


def test_whole_numbers_have_no_places_and_others_have_four() -> None:
    assert listed({"epoch": 4, "step": 1110.0, "train_loss": 0.23104, "accuracy": 1.0}) == (
        "epoch 4, step 1110, train_loss 0.2310, accuracy 1"
    )


def test_what_is_no_number_is_said() -> None:
    assert listed({"loss": float("nan"), "most": float("inf")}) == "loss nan, most inf"
