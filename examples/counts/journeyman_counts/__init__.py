"""Counts: how many, 0, 1, 2 and so on, learned as the mean of a Poisson distribution.

A task for Journeyman, as small as one can be; docs/extensions.md walks through it.
"""

LABELS_OF = "regression"
"""The built-in task whose labels this one has: numbers."""
METRICS = ("poisson_deviance",)
"""What decides which of two models is better."""
OPTIONS = ()
"""Keys of the section `train` that mean something to this task alone."""
