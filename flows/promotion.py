"""What follows when a person has promoted a version or rolled it back: Bento, endpoints, and the report on it."""

from components.kinds.formatting import number
from components.registry.promotion import Outcome
from components.registry.promotion.ledger import Ledger
from flows.canary import tell_of_canary
from flows.measured import tell_of_shadow
from flows.release import package_champion, publish_champion
from flows.report import Report, publish_report


def release_champion(workload: str, outcome: Outcome) -> Report:
    """Package and publish the champion that a person chose; return the report on it."""
    bundle, bento = package_champion(outcome.champion)
    published = publish_champion(bundle, outcome.champion)
    tell_of_canary(workload)
    tell_of_shadow(workload)
    return publish_report(
        workload,
        promotion_facts(workload, outcome, bento, published),
        key=f"promotion-{workload}",
        description=f"The last version of {workload} that a person put to work",
    )


def promotion_facts(workload: str, outcome: Outcome, bento: str, published: str) -> list[list[str]]:
    """Return the rows of the report; `published` says where endpoints find the champion."""
    champion = outcome.champion
    behind = Ledger(workload).read().behind
    return [
        ["champion", outcome.reason],
        ["at work", f"version {champion.number}, {champion.metric} {number(champion.value)}"],
        ["a rollback leads to", f"version {behind[0]}" if behind else "nothing: there was none before"],
        ["Bento", bento],
        ["published", f"version {champion.number} in {published}"],
    ]
