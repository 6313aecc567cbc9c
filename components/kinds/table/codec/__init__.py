"""Records as callers send them -> the arrays that the model takes. The same code prepares data and serves."""

from components.kinds.table.codec.description import described
from components.kinds.table.codec.explain import Effect, explain
from components.kinds.table.codec.reader import Reader
from components.kinds.table.codec.records import fields, labelled, request, rows

__all__ = ["WARNS", "Effect", "Reader", "described", "explain", "fields", "labelled", "request", "rows"]

WARNS = True
