"""Kinds of data: the only thing in which two workloads differ in code. One package a kind, found by its name.

A kind is a package here with these parts; what each must offer stands in `components.kinds.contract`.

    params.py    the kind's keys of a workload's section in params.yaml
    codec.py     what a caller sends <-> arrays; numpy only, used by both phases
    source.py    a user's folder, or the files of a public data set -> raw records
    prepare.py   raw records -> validated, split, memory-mapped arrays
    learner/     loaders, network, LightningModule; training phase only
    exam.py      metrics and figures of the kind
"""
