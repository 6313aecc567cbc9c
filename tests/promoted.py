"""What `flows.train` does after its stages, for tests and their scripts: register, judge, promote."""

from components.registry.gate import judge
from components.registry.promotion import Outcome, promote, settled_champion
from components.registry.register import Version, register


def promoted(version: Version) -> Outcome:
    return promote(version, judge(version, settled_champion(version.workload)), "a test")


def registered(workload: str) -> Outcome:
    return promoted(register(workload)[0])
