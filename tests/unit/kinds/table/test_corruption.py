from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from components.kinds.evaluation import SEVERITIES
from components.kinds.table.codec.features import DAY, Definition, Entity, assemble, names
from components.kinds.table.codec.windows import Events, windows
from components.kinds.table.evaluation.corruption import corruptions_of

DAYS = (1, 7, 30)
DEFINITION = Definition(
    time="time",
    id=None,
    amount="amount",
    decimals=2,
    delay=7.0,
    entities=(
        Entity(name="customer", days=DAYS, measures=("count", "mean"), delayed=False),
        Entity(name="shop", days=DAYS, measures=("risk", "count"), delayed=True),
    ),
    numbers=("age", "amount"),
    categories={"colour": ("blue", "red"), "town": ("a", "b", "c")},
)
NAMES = names(DEFINITION)
COUNT = 1_500


def corrupted(name: str, examples: NDArray[np.float32], severity: int, definition: Definition = DEFINITION) -> Any:
    return corruptions_of({"definition": definition.model_dump(mode="json")})[name](examples, severity, 0)


class Past:
    """Records of a few customers and shops, every label known."""

    def __init__(self) -> None:
        random = np.random.default_rng(0)
        self.time = np.sort(random.integers(0, 90 * DAY, COUNT))
        self.amount = np.round(random.gamma(2.0, 30.0, COUNT), 2)
        self.label = (random.random(COUNT) < 0.3).astype(np.int8)
        self.codes = {"customer": random.integers(-1, 12, COUNT), "shop": random.integers(-1, 6, COUNT)}
        self.others = random.integers(18, 90, COUNT), random.integers(0, 3, (COUNT, 2))

    def examples(self) -> NDArray[np.float32]:
        """Return their features."""
        found = []
        for entity in DEFINITION.entities:
            money = np.rint(self.amount * 100).astype(np.int64)
            events, places = Events.none().followed_by(self.codes[entity.name], self.time, money, self.label)
            found.append(windows(events, places, entity, DEFINITION))
        age, codes = self.others
        return assemble(np.stack([age, self.amount], axis=1), self.time, found, codes)

    def delayed(self, entity: Entity, days: int, lost: int, row: int) -> dict[str, float]:
        """Return a window of the record at `row` of which the `lost` latest days are not known, one by one."""
        end = self.time[row] - (7 * DAY if entity.delayed else 0)
        mine = self.codes[entity.name] == self.codes[entity.name][row]
        there = mine & (self.time > end - days * DAY) & (self.time <= end - lost * DAY)
        if not entity.delayed:
            there[row] = True
        if self.codes[entity.name][row] < 0:
            there[:] = False
        if not there.any():
            return {"count": 0.0, "mean": 0.0, "risk": 0.0}
        return {"count": there.sum(), "mean": self.amount[there].mean(), "risk": self.label[there].mean()}


@pytest.mark.slow
def test_a_delayed_history_is_one_without_its_latest_days() -> None:
    past = Past()
    examples = past.examples()
    for severity, lost in zip(SEVERITIES, DAYS, strict=True):
        found = corrupted("delayed", examples, severity)
        for entity in DEFINITION.entities:
            for days in DAYS:
                expected = [past.delayed(entity, days, lost, row) for row in range(COUNT)]
                for measure in entity.measures:
                    column = NAMES.index(f"{entity.name}_{measure}_{days}d")
                    wanted = [one[measure] for one in expected]
                    assert found[:, column] == pytest.approx(wanted, rel=1e-3, abs=1e-3), (severity, measure, days)
        kept = [NAMES.index(name) for name in ("age", "amount", "weekend", "night", "colour", "town")]
        assert (found[:, kept] == examples[:, kept]).all()


def test_without_counts_what_is_longer_stays() -> None:
    entities = tuple(
        entity.model_copy(update={"measures": entity.measures[:1]} if entity.delayed else {"measures": ("mean",)})
        for entity in DEFINITION.entities
    )
    few = DEFINITION.model_copy(update={"entities": entities})
    examples = np.random.default_rng(0).random((50, len(names(few)))).astype(np.float32)
    found = corrupted("delayed", examples, 2, few)
    changed = {name for place, name in enumerate(names(few)) if (found[:, place] != examples[:, place]).any()}
    assert changed == {"customer_mean_1d", "customer_mean_7d", "shop_risk_1d", "shop_risk_7d"}


def test_values_go_missing_as_the_model_knows_it() -> None:
    examples = Past().examples()
    columns = [NAMES.index(name) for name in ("age", "amount", "colour", "town")]
    for severity, share in zip(SEVERITIES, (0.05, 0.1, 0.2), strict=True):
        found = corrupted("missing", examples, severity)
        lost = np.isnan(found[:, columns[:2]]).mean(), (found != examples)[:, columns[2:]].mean() * 1.5
        assert lost == pytest.approx((share, share), abs=0.025)
        assert set(found[:, columns[2:]][(found != examples)[:, columns[2:]]].tolist()) == {0.0}
        others = [place for place in range(len(NAMES)) if place not in columns]
        assert (found[:, others] == examples[:, others]).all()


def test_categories_become_unknown() -> None:
    examples = Past().examples()
    columns = [NAMES.index(name) for name in ("colour", "town")]
    assert (corrupted("unknown_category", examples, 3)[:, columns] == 0).all()
    some = corrupted("unknown_category", examples, 1)
    assert 0.04 < ((some != examples)[:, columns]).mean() < 0.1
    assert (np.delete(some, columns, axis=1) == np.delete(examples, columns, axis=1)).all()


def test_amounts_grow_with_what_is_made_of_them() -> None:
    past = Past()
    examples = past.examples()
    past.amount = past.amount * 3
    assert corrupted("amount", examples, 3) == pytest.approx(past.examples(), rel=1e-4)


def test_the_given_examples_stay_and_a_seed_corrupts_the_same() -> None:
    examples = Past().examples()
    kept = examples.copy()
    made = corruptions_of({"definition": DEFINITION.model_dump(mode="json")})
    assert set(made) == {"missing", "unknown_category", "amount", "delayed"}
    for name, corrupt in made.items():
        first, again, other = corrupt(examples, 1, 1), corrupt(examples, 1, 1), corrupt(examples, 1, 2)
        assert first.dtype == np.float32
        assert np.array_equal(first, again, equal_nan=True)
        assert np.array_equal(first, other, equal_nan=True) == (name in ("amount", "delayed"))
        assert np.array_equal(examples, kept)


def test_what_a_table_lacks_cannot_be_corrupted() -> None:
    bare = DEFINITION.model_copy(update={"amount": None, "entities": (), "categories": {}, "numbers": ("age",)})
    assert set(corruptions_of({"definition": bare.model_dump(mode="json")})) == {"missing"}
