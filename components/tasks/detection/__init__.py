"""Detection: whether an example is positive, where positives may be rare and to miss one costs more than an alarm."""

METRICS = ("average_precision", "cost_per_1000")
"""What may decide which of two models is better; the first does unless `train.metric` says otherwise."""
OPTIONS = ("metric", "labels", "false_alarm", "least_precision", "least_recall", "alerts")
"""Keys of the section `train` that mean something to this task alone."""
