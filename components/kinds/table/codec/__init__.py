"""Records as callers send them -> the arrays that the model takes. The same code prepares data and serves."""

from components.kinds.table.codec.description import described
from components.kinds.table.codec.explain import Effect, explain
from components.kinds.table.codec.reader import Reader
from components.kinds.table.codec.records import entities, fields, key, labelled, remembers, request, rows

__all__ = [
    "WARNS", "Effect", "Reader", "described", "entities", "explain", "fields", "key", "labelled", "remembers",
    "request", "rows",
]  # fmt: skip

WARNS = True
