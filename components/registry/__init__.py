"""The registry: a version is registered, judged, described, put to work, taken back, made again.

register.py   the bundle that the stages left becomes a version, once (get_or_create.py, logged_model.py, pyfunc.py)
version.py    a version, and what belongs to it (artifacts.py keeps bundles by hash, examples.py what people click)
lineage/      what it was made of          rebuild/     made again from that
gate/         whether it may work          promotion/   whether it does, and since when
card/         all of it, for people
"""
