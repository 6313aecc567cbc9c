"""Kinds of data: the only thing in which two workloads differ in code. One package a kind, found by its name.

A kind is a package here with these parts; what each must offer stands in `components.kinds.contract`.

    params/      the kind's keys of a workload's section in params.yaml
    source/      a user's data, or a public data set -> raw records
    prepare/     raw records -> validated, split, memory-mapped arrays
    learner/     loaders, network, LightningModule; training phase only
    evaluation/  metrics and figures of the kind
    codec/       what a caller sends <-> arrays; light, used by both phases
    sample.py    held-out examples as callers send them
    overview.py  what became of a source, for people
    scoring.py   very many rows from files, answered as an endpoint would
    conformance.py  has mypy check that all of these are what the contract says
"""
