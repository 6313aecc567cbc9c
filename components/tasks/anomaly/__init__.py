"""Anomalies: how unusual an example is, learned without any label."""

METRICS = ("average_precision",)
"""What may decide which of two models is better, where the test split has labels; without any, how well the rate of
alerts is kept does."""
SUPERVISED = False
"""Whether labels are learned from."""
OPTIONS = ("metric", "alerts")
"""Keys of the section `train` that mean something to this task alone."""
