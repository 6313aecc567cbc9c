"""A training whose processes somebody else starts: torchrun, SLURM, or Kubernetes by Kubeflow's trainer.

    state/launch/<workload>/job.json      which job was submitted, written before it is
                            <job>.log     what its processes said
                            <job>.json    how it ended: nothing, or what was wrong

job.py         those files
launcher.py    submit, follow, wait
torchrun.py, slurm.py, trainjob.py    how each is asked
worker.py      what is started

The stage that asks for it has the folder in common with the processes. It takes nothing from them: the first of them
writes the stage's outputs. Whoever waits may be killed, and waits on when the stage runs again.
"""
