"""DVC and git.

dvc.py, git.py   each run as a process                     stages.py   the stages of `dvc.yaml`, reproduced
lock.py          what `dvc.lock` records                   tree.py     what a commit holds of what DVC recorded
cache.py         what DVC's cache holds                    remote.py   DVC's remote, asked whether it answers
"""
