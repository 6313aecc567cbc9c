from components.kinds.baseline import compare_with_baseline, prefixed


def test_the_model_is_held_against_the_metric_of_the_same_name() -> None:
    metrics = {"accuracy": 0.93, "macro_f1": 0.5} | prefixed({"accuracy": 0.9012, "macro_f1": 0.9})
    comparison = compare_with_baseline(metrics, "accuracy")
    assert comparison.beaten
    assert str(comparison) == "90.12% (beaten by 2.88 points)"
    assert not compare_with_baseline(metrics, "macro_f1").beaten


def test_to_be_as_good_is_not_to_be_better() -> None:
    comparison = compare_with_baseline({"accuracy": 0.9, "baseline_accuracy": 0.9}, "accuracy")
    assert not comparison.beaten
    assert str(comparison) == "NOT BEATEN: 90.00% against the model's 90.00%"


def test_what_is_not_a_number_beats_nothing() -> None:
    assert not compare_with_baseline({"accuracy": float("nan"), "baseline_accuracy": 0.1}, "accuracy").beaten


def test_of_a_loss_less_is_better() -> None:
    metrics = {"rmse": 41.2, "baseline_rmse": 45.0, "mae": 1234.5, "baseline_mae": 1234.5}
    assert str(compare_with_baseline(metrics, "rmse", lower_is_better=True)) == "45.00 (beaten by 3.8000)"
    tie = compare_with_baseline(metrics, "mae", lower_is_better=True)
    assert (tie.beaten, str(tie)) == (False, "NOT BEATEN: 1,234 against the model's 1,234")
    assert not compare_with_baseline({"rmse": float("nan"), "baseline_rmse": 0.1}, "rmse", True).beaten


def test_where_nothing_is_to_be_beaten_it_says_so() -> None:
    nothing = compare_with_baseline({"false_alarm_deviation": 0.1}, "false_alarm_deviation", True)
    assert nothing.beaten is None
    assert str(nothing).startswith("none: ")
