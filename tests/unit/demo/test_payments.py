from pathlib import Path

from components.data.description import read_description
from components.kinds.table.source.simulator import Simulation, transactions
from demo.payments import SPREE, Payments

WORK = Payments(begins=2, days=4, history=5, customers=100, stolen=3)


def test_work_goes_on_where_the_source_ends_and_sprees_begin_on_their_day(tmp_path: Path) -> None:
    (tmp_path / "datasets").mkdir()
    WORK.begin(tmp_path)
    settings = read_description(tmp_path / "datasets" / "story.yaml").settings
    batches = list(transactions(Simulation.model_validate(settings)))
    last = batches[-1].to_pylist()[-1]

    days = [WORK.day(day) for day in range(WORK.days)]
    records = [example.content for day in days for example in day]
    assert [record["transaction_id"] for record in records] == [
        last["transaction_id"] + 1 + index for index in range(len(records))
    ]
    times = [record["time"] for record in records]
    assert times == sorted(times)
    assert times[0] > last["time"].isoformat()
    assert set(records[0]) == {"transaction_id", "time", "customer_id", "terminal_id", "amount"}
    new = [[example for example in day if example.changed] for day in days]
    assert [len(day) for day in new] == [0, 0, 3 * SPREE, 3 * SPREE]
    assert {example.truth for day in new for example in day} == {"1"}
    assert len({example.content["customer_id"] for example in new[2]}) == 3
    assert 0 < sum(example.truth == "1" for example in days[0]) < len(days[0]) / 2


def test_a_missed_fraud_costs_its_amount_and_a_false_alarm_a_look() -> None:
    fraud = next(example for example in WORK.day(2) if example.changed)
    honest = next(example for example in WORK.day(0) if example.truth == "0")
    assert [WORK.cost(fraud, "0"), WORK.cost(fraud, "1")] == [fraud.content["amount"], 0.0]
    assert [WORK.cost(honest, "1"), WORK.cost(honest, "0")] == [20.0, 0.0]
    assert [WORK.turned("0"), WORK.turned("1")] == ["1", "0"]
