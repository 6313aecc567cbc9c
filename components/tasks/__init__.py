"""Tasks: what is asked of the data. One package a task, found by its name; it knows no kind of data.

    answers.py   outputs of the graph -> what a caller is answered; light, used by both phases
    objective/   head, loss, and what is decided by; training phase only
    evaluation/  metrics, figures, baseline

What each must offer stands in `components.tasks.contract`.
"""
