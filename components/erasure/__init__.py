"""Erasure: what belongs to somebody, removed wherever this project keeps it, while endpoints run.

subject.py    who is meant                      erase.py      one place after another
texts.py      tables of people, byte by byte    inbox.py      data/inbox
copies.py     bundles, examples, scores         training.py   artifacts/, DVC's cache; which versions were made of it
watched.py    pages of the watch               shards.py     shards of prepared pictures

The prediction log and an endpoint's memory erase by themselves (`components.prediction_log.erasure`, `erasure.py` of a
kind). Doing all of it again is harmless, and completes what was killed.
"""
