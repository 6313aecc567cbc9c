"""The gate: what a challenger must show before it is put to work.

judge.py       all of it, in order
comparable.py  whether two versions can be held against each other; classes.py: on which classes
predictions.py the specification of the evaluation, and one model's answers
cross_validated.py  the same of models of folds, where the test split is small
measure.py     what is measured of them: evidence.py; its calibration: calibration.py
statistics.py  whether a difference is more than chance
rules.py       evidence and limits -> rows
verdict.py     what comes out                                record.py: where it is kept
"""

from components.registry.gate.judge import judge
from components.registry.gate.record import read_verdict
from components.registry.gate.verdict import COLUMNS, Rule, Verdict

__all__ = ["COLUMNS", "Rule", "Verdict", "judge", "read_verdict"]
