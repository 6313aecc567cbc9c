"""Learning again from what was answered at work: when it is due, and from which labels.

manifest.py    the answers that are learnt from, in `data/inbox/.live/<workload>/`; `state/retrain/<workload>.parquet`
               has those labels with which a training has ended
unlabelled.py  answers without a label that are learnt from as such, in the same folder
poison.py      which labels are not to be trusted
due.py         whether a training is due, and why or why not
trainings.py   what trainings have cost, `state/retrain/<workload>.json`
"""
