"""Lineage: what a version was made of, known when it is registered, or there is no version.

schema.py      its tags and `lineage.json`      provenance.py   found out, and held against what DVC recorded
snapshot.py    the private commit
"""

from components.registry.lineage.schema import BENTO, LINEAGE, NONE, PREFIX, Code, Data, Lineage, Pretrained

__all__ = ["BENTO", "LINEAGE", "NONE", "PREFIX", "Code", "Data", "Lineage", "Pretrained"]
