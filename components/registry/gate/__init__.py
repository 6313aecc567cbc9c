"""The gate: what a challenger must show before it is put to work.

judge.py       all of it, in order
comparable.py  whether two versions can be held against each other; classes.py: on which classes
sitting.py     what is asked, and one model's answers     measure.py, belief.py   what is measured of them
facts.py       what was measured                          statistics.py           whether it is more than chance
rules.py       facts and limits -> rows                   verdict.py, record.py   what comes out, and where it is kept
"""

from components.registry.gate.judge import judge
from components.registry.gate.record import read_verdict
from components.registry.gate.verdict import COLUMNS, Rule, Verdict

__all__ = ["COLUMNS", "Rule", "Verdict", "judge", "read_verdict"]
