"""Labels are asked for: which answers are asked about, who has which of them before them, and the page that asks.

    state/label/<workload>/questions.db     beside the logs, as `watch/` is

questions.py    what is asked, and by whom it is answered (SQLite)      estimate.py    what the answers say of a metric
operations.py   what the page asks for, here and at an endpoint         page/          its files
label_studio.py    the same as Label Studio reads and writes it

It runs without pyarrow, numpy and scipy: an endpoint shows the page too.
"""
