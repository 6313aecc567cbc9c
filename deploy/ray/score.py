"""Scoring by Ray: a task for each shard on whatever machine has a core for it, then one that merges.

    python deploy/ray/score.py garments s3://team/pictures s3://team/scores.parquet --shards 16

It is run in the project's folder, which all machines of the cluster have at the same path, with its packages and `ray`:
`ray job submit -- sh -c "cd /shared/project && python deploy/ray/score.py …"`. Source and result are paths that all of
them see, or addresses. A task whose machine is lost is begun again by Ray, and goes on behind the last span that was
written; the same command goes on, too.
"""

import argparse
import subprocess
import sys
from pathlib import Path

import ray


@ray.remote(num_cpus=1, max_retries=3)
def answered(command: list[str], folder: str) -> int:
    """Run the command in the project's folder; return its process id. A `RuntimeError` says why it did not end well."""
    started = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    _, said = started.communicate()
    if started.returncode:
        last = said.strip().splitlines()[-1:] or [f"ended with status {started.returncode}"]
        raise RuntimeError(f"{' '.join(command[2:])}: {last[0]}")
    return started.pid


def main() -> None:
    """Have all shards answered, and merge them."""
    parser = argparse.ArgumentParser(description=__doc__.partition(".")[0])
    parser.add_argument("workload", help="whose champion answers")
    parser.add_argument("source", help="a folder or address of files or Parquet files, as flows.score takes it")
    parser.add_argument("out", help="a Parquet file, or the address of one")
    parser.add_argument("--shards", type=int, default=16, help="tasks (16)")
    given = parser.parse_args()
    ray.init(log_to_driver=False)
    score = [sys.executable, "-m", "flows.score", given.workload, given.source, "--out", given.out]
    folder, shards = str(Path.cwd()), [f"{index}/{given.shards}" for index in range(given.shards)]
    try:
        waiting = [answered.remote([*score, "--shard", shard], folder) for shard in shards]
        while waiting:
            done, waiting = ray.wait(waiting)
            ray.get(done)
            print(f"{given.shards - len(waiting)} of {given.shards} shards", flush=True)
        ray.get(answered.remote([*score, "--merge"], folder))
    except ray.exceptions.RayTaskError as error:
        sys.exit(f"error: {error.cause}")
    print(f"merged: {given.out}")


if __name__ == "__main__":
    main()
