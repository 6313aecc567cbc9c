"""Regression: which number an example has, and an interval that holds the true one as often as is stated."""

METRICS = ("rmse", "mae", "pinball_loss")
"""What may decide which of two models is better; the first does unless `train.metric` says otherwise."""
OPTIONS = ("metric", "coverage")
"""Keys of the section `train` that mean something to this task alone."""
