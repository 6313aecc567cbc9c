"""Stage `resolve`: a section of `params.yaml` -> what `export` and `evaluate` take of the keys that it may leave out.

parameters/export.json     what travels in the bundle of the section `serve`
parameters/evaluate.json   what decides which bundle is served

DVC tracks no key that is not there, and a stage that tracked the whole section would run for every other key of it. So
this one does, in a second; the two run where what they take has changed, be it written or a default.
"""

from components import catalogue
from components.config.settings import artifacts
from components.system import entry
from components.system.files import write_json


def resolve(name: str) -> None:
    """Write the parameters of the workload `name`, defaults included, a file for each stage."""
    serve = catalogue.workload(name).serve
    folder = artifacts(name, "parameters")
    write_json(folder / "export.json", {"serve": serve.in_bundle()})
    write_json(folder / "evaluate.json", {"serve": {"precision": serve.precision, "margin": serve.margin}})


if __name__ == "__main__":
    entry.run(resolve)
