"""What a task must offer: the protocols that `components/tasks/*` fulfil with plain modules.

In both phases a task speaks of `outputs`, what the graph gives and a decision is made of: float32 `[N, K]`, whose
columns the task says, and of `decision`, what the validation split found best to decide by, JSON that the bundle
carries. Labels are int64 `[N]`, an index of a class or -1 where it is not known; of a number float64, NaN where it is
not known.
"""

from components.tasks.contract.answers import Answers
from components.tasks.contract.evaluation import Evaluation
from components.tasks.contract.live import Live
from components.tasks.contract.objectives import Objectives

__all__ = ["Answers", "Evaluation", "Live", "Objectives"]
