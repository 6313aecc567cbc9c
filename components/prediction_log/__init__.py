"""The prediction log: what an endpoint answered, and what was said of it later; append-only.

    <log>/<workload>/wal/<slot>-<number>.seg      what workers append, 16 MiB each (`segment.py`)
    <log>/<workload>/slots/<slot>                 locked by the worker that has the slot

event_id.py   identities of answers          segment.py   a file that is appended to, and read after any kill
record.py     what is appended               writer.py    one worker's way into the log
"""
