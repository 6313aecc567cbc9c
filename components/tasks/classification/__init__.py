"""Classification: which of several classes an example is of."""

METRICS = ("accuracy", "macro_f1")
"""What may decide which of two models is better; the first does unless `train.metric` says otherwise."""
OPTIONS = ("metric",)
"""Keys of the section `train` that mean something to this task alone."""
