"""Ranking: which of many items somebody takes next, as a list of the likeliest."""

METRICS = ("ndcg_at_10", "recall_at_20")
"""What may decide which of two models is better; the first does unless `train.metric` says otherwise."""
OPTIONS = ("metric",)
"""Keys of the section `train` that mean something to this task alone."""
LABELLED_BY_HAND = False
"""Whether a person who is shown an example and an answer can say what is right: only what is taken next says it."""
