"""What a search has found, as parameters: a file of their own, and in `params.yaml` where that is asked for."""

from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap

from components import catalogue
from components.config.errors import ConfigError
from components.config.params import PARAMS
from components.kinds.space import Value
from components.system.files import whole_file


def write_parameters(path: Path, workload: str, values: dict[str, Value]) -> None:
    """Write the values as a section of `params.yaml` has them."""
    with whole_file(path) as draft, draft.open("w") as file:
        _yaml().dump({"workloads": {workload: {"train": values}}}, file)


def apply(workload: str, values: dict[str, Value], path: Path = PARAMS) -> None:
    """Write the values into the section `train` of the workload; comments and what else there is stay.

    Raises:
        ConfigError: the section as it would be is not in order; nothing is changed then.
    """
    yaml, before = _yaml(), path.read_text()
    content = yaml.load(before)
    section = content["workloads"][workload]
    if not isinstance(section.get("train"), CommentedMap):
        section["train"] = CommentedMap()
    section["train"].update(values)
    with whole_file(path) as draft, draft.open("w") as file:
        yaml.dump(content, file)
    try:
        catalogue.workload(workload)
    except ConfigError:
        with whole_file(path) as draft:
            draft.write_text(before)
        raise


def _yaml() -> YAML:
    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = 4096
    yaml.indent(mapping=2, sequence=4, offset=2)
    return yaml
