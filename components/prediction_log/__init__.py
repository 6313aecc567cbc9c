"""The prediction log: what an endpoint answered, and what was said of it later; append-only.

    <log>/<workload>/log.json                     whose it is
    <log>/<workload>/slots/<slot>                 locked by the worker that has the slot
    <log>/<workload>/wal/<slot>-<number>.seg      what workers append, 16 MiB each
    <log>/<workload>/{day=YYYY-MM-DD,labels,traffic}/<slot>-<number>.parquet     what is made of them when they are full
    <log>/<workload>/{key,tombstones}             by which somebody's rows are found, and stay erased
    <log>/<workload>/summaries/                   what `flows.watch` has counted; made anew when it is gone

event_id.py      identities of answers        segment.py      a file that is appended to, and read after any kill
record.py        what is appended             writer.py       one worker's way into the log
description.py   log.json                     identities.py   whom a row is of, as a keyed hash
tables.py        records as rows of tables    compaction.py   segments -> Parquet
reader.py        all of it, each row once       retention.py     what goes, by age and bytes
batches.py       rows of `flows.score`          lookup.py        records of events, without pyarrow
parquet_footer.py    rows of a file that goes    summaries.py    what was counted, kept

Compaction, tables and the reader need pyarrow; an endpoint has none, and imports the others.
"""
