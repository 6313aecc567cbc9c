"""The vocabulary of an encoder of texts, as one more of its tensors."""

VOCABULARY = "vocabulary"
"""Of the tensor that has the pieces of words: UTF-8, one a line, in the order of their numbers; uint8."""
