"""The pages to look at when the story has been told."""

import sys
from contextlib import ExitStack

from demo.project import free_port
from demo.story import Say, Story


def shown(story: Story, stack: ExitStack, say: Say) -> None:
    """Say where they are, and keep them until Enter or Ctrl-C.

    Args:
        story: that has been told.
        stack: ends what is started here.
        say: is told where they are.
    """
    port = free_port()
    mlflow = (sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1")
    store = ("--backend-store-uri", story.project.variables["MLFLOW_TRACKING_URI"])
    url = stack.enter_context(story.project.served(f"http://127.0.0.1:{port}", "/health", *mlflow, *store))
    name = story.work.workload
    say("what there is to look at:")
    for what, where in (
        ("the endpoint, with its card", story.traffic.url),
        ("how it does at work", f"{story.traffic.url}/watch"),
        ("the page that asks for labels", f"{story.label_url}/label" if story.label_url else "nobody had to be asked"),
        ("runs, versions and the curves of each day, in MLflow", f"{url}/#/models/{name}"),
        ("what was at work, and why", f"cd {story.project.path} && . ./env.sh && python -m flows.history {name}"),
    ):
        say(f"  {what}: {where}")
    say("Enter or Ctrl-C ends it")
    sys.stdin.readline()
