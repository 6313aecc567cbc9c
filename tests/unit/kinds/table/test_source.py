import gzip
import json
import threading
from collections.abc import Iterator
from datetime import date, datetime
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from itertools import islice
from pathlib import Path
from typing import Any

import fsspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from fsspec.registry import known_implementations

from components.config.errors import ConfigError, DataError
from components.kinds.csv_files import reader
from components.kinds.raw import DataSet, Origin, Raw
from components.kinds.table import source
from components.kinds.table.source import simulator
from components.kinds.table.source.simulator import Simulation
from tests.conftest import ROOT

TABLE = pa.table({"id": [1, 2, 3], "amount": [1.5, None, 2.25], "town": ["Ulm", "Bonn", None]})
CSV = "id,amount,town\n1,1.5,Ulm\n2,,Bonn\n3,2.25,\n"
SMALL = {"customers": 20, "terminals": 40, "days": 3, "side": 10.0}


# The simulation


def test_the_shipped_description_has_the_handbooks_sizes() -> None:
    description = yaml.safe_load((ROOT / "datasets" / "transactions.yaml").read_text())
    assert (description["kind"], description["format"]) == ("table", "simulator")
    raw = source.open(Origin("x.yaml", DataSet("simulator", settings=description["settings"]), None))
    assert raw.about["origin"]["simulator"] == Simulation().model_dump(mode="json")
    assert next(raw.batches).equals(next(simulator.transactions(Simulation())))


def test_a_simulation_has_its_inbox_behind_it(tmp_path: Path) -> None:
    columns = {"transaction_id": [7], "time": ["2018-07-01 12:00:00"], "customer_id": [1], "terminal_id": [2]}
    later = pa.table({**columns, "amount": [5], "fraud": [1]})
    pq.write_table(later.set_column(1, "time", later["time"].cast(pa.timestamp("ns"))), tmp_path / "a.parquet")
    (tmp_path / "b.csv").write_text("transaction_id,time,customer_id,terminal_id,amount,fraud\n8,2018-07-02,1,2,5.5,\n")
    raw = source.open(Origin("x.yaml", DataSet("simulator", settings=SMALL), tmp_path))
    rows = _rows(raw)
    assert rows[-2] == {**rows[-2], "transaction_id": 7, "time": datetime(2018, 7, 1, 12), "amount": 5.0, "fraud": 1}
    assert rows[-1] == {**rows[-1], "transaction_id": 8, "time": datetime(2018, 7, 2), "amount": 5.5, "fraud": None}
    assert raw.schema == simulator.SCHEMA
    assert (raw.about["origin"]["inbox"], raw.compression) == (2, "zstd")
    json.dumps(raw.about)


def test_a_wrong_description_is_answered_in_one_line() -> None:
    with pytest.raises(DataError, match=r"my\.yaml: format 'idx'"):
        source.open(Origin("my.yaml", DataSet("idx"), None))
    with pytest.raises(ConfigError, match=r"my.yaml: settings\.custmers: unknown key.*Did you mean 'customers'"):
        source.open(Origin("my.yaml", DataSet("simulator", settings={"custmers": 5}), None))


# Files of the user's own


@pytest.mark.parametrize("name", ["t.parquet", "t.csv", "t.csv.gz"])
def test_one_file_is_read_as_it_is(tmp_path: Path, name: str) -> None:
    _put(tmp_path / name)
    raw = _open(tmp_path / name)
    assert _rows(raw) == TABLE.to_pylist()
    assert raw.schema.equals(TABLE.schema)
    csv = raw.about.pop("csv", None)
    assert csv == (None if name.endswith("parquet") else {"separator": ",", "point": True, "file": name})
    assert raw.about == {"origin": {"source": str(tmp_path / name), "files": 1, "inbox": 0}, "ignored": []}


def test_a_folder_is_read_in_order_of_its_paths(tmp_path: Path) -> None:
    for place, name in enumerate(["b.csv", "a/z.parquet", "c/a.csv.gz", "_temporary/x.csv", ".git/x.csv"]):
        _put(tmp_path / name, TABLE.set_column(0, "id", pa.array([10 * place + row for row in range(3)])))
    (tmp_path / "README.md").write_text("hello")
    (tmp_path / "_SUCCESS").touch()
    raw = _open(tmp_path)
    assert [row["id"] for row in _rows(raw)] == [10, 11, 12, 0, 1, 2, 20, 21, 22]
    assert raw.about["ignored"] == [f"{tmp_path}/README.md"]
    assert raw.about["origin"]["files"] == 3


def test_a_partitioned_data_set_has_its_folders_as_columns(tmp_path: Path) -> None:
    for folder in (
        "day=2024-01-02/shop=7",
        "day=2024-01-02/shop=__HIVE_DEFAULT_PARTITION__",
        "day=2024-01-01/shop=a%2Fb",
    ):
        _put(tmp_path / folder / "part-0.parquet", TABLE.slice(0, 1))
    raw = _open(tmp_path)
    assert raw.schema.names == ["id", "amount", "town", "day", "shop"]
    assert raw.schema.field("day").type == pa.date32()
    assert [(row["day"].day, row["shop"]) for row in _rows(raw)] == [(1, "a/b"), (2, "7"), (2, None)]


def test_columns_in_another_order_are_put_in_order(tmp_path: Path) -> None:
    _put(tmp_path / "a.parquet")
    _put(tmp_path / "b.parquet", TABLE.select(["town", "id", "amount"]))
    _put(tmp_path / "c.csv", TABLE.select(["amount", "town", "id"]))
    assert _rows(_open(tmp_path)) == TABLE.to_pylist() * 3


def test_a_type_is_that_which_holds_all_files(tmp_path: Path) -> None:
    _put(tmp_path / "a.parquet", pa.table({"id": pa.array([1], pa.int32()), "x": pa.nulls(1), "kind": ["a"]}))
    dictionary = pa.array(["b"]).dictionary_encode()
    _put(tmp_path / "b.parquet", pa.table({"id": [2.5], "x": [True], "kind": dictionary}))
    (tmp_path / "c.csv").write_text("id,x,kind\n3,,7\n4,false,c\n")
    raw = _open(tmp_path)
    assert [str(type) for type in raw.schema.types] == ["double", "bool", "string"]
    assert [tuple(row.values()) for row in _rows(raw)] == [
        (1.0, None, "a"), (2.5, True, "b"), (3.0, None, "7"), (4.0, False, "c")
    ]  # fmt: skip


def test_the_types_of_a_csv_are_those_of_all_its_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "_BLOCK", 1_000)
    head = "whole;part;flag;day;time;zoned;post;card;text;none\n"
    row = "1;1;true;2024-01-31;2024-01-31 10:00;2024-01-31T10:00:00+02:00;12345;1;1;\n"
    last = (
        'NA;1.5;False;2024-02-29;2024-02-29T10:00:00.25;2024-02-29T10:00:00Z;01234;1234567890123456789;"a;\n""b""";\n'
    )
    (tmp_path / "t.csv").write_text("\ufeff" + head + row * 200 + last)
    raw = _open(tmp_path / "t.csv")
    rows = _rows(raw)
    assert [str(type) for type in raw.schema.types] == [
        "int64", "double", "bool", "date32[day]", "timestamp[us]", "timestamp[us, tz=UTC]",
        "string", "string", "string", "null",
    ]  # fmt: skip
    assert len(rows) == 201
    assert rows[-1]["whole"] is None
    assert rows[-1]["day"] == date(2024, 2, 29)
    assert rows[-1]["time"] == datetime(2024, 2, 29, 10, 0, 0, 250_000)
    assert rows[0]["zoned"].hour == 8
    assert (rows[-1]["post"], rows[-1]["card"], rows[-1]["text"]) == ("01234", "1234567890123456789", 'a;\n"b"')


def test_in_text_only_nothing_is_missing(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("country,n\nNA,NA\nFR,1\n,2\n")
    assert [tuple(row.values()) for row in _rows(_open(tmp_path / "t.csv"))] == [("NA", None), ("FR", 1), (None, 2)]


def test_rows_come_before_the_rest_is_read(tmp_path: Path) -> None:
    large = pa.table({"id": range(200_000)})
    _put(tmp_path / "a.parquet", large)
    _put(tmp_path / "b.parquet", large)
    middle = bytearray((tmp_path / "b.parquet").read_bytes())
    middle[1_000:5_000] = bytes(4_000)
    (tmp_path / "b.parquet").write_bytes(middle)
    raw = _open(tmp_path)
    assert [batch.num_rows for batch in islice(raw.batches, 4)] == [65_536, 65_536, 65_536, 3_392]
    with pytest.raises(DataError, match=r"b\.parquet: no whole Parquet file"):
        list(raw.batches)


# Addresses


def test_any_file_system_that_fsspec_knows(tmp_path: Path) -> None:
    memory = fsspec.filesystem("memory")
    _put(tmp_path / "a.parquet")
    for name in ("year=1/a.parquet", "year=2/a.parquet"):
        memory.pipe(f"/shop/{name}", (tmp_path / "a.parquet").read_bytes())
    try:
        raw = _open("memory://shop")
        assert [row.pop("year") for row in _rows(raw)] == [1, 1, 1, 2, 2, 2]
        assert raw.about["origin"]["source"] == "memory://shop"
    finally:
        memory.rm("/shop", recursive=True)
    assert _rows(_open(f"file://{tmp_path}/a.parquet")) == TABLE.to_pylist()


@pytest.mark.parametrize("name", ["t.parquet", "t.csv", "t.csv.gz"])
def test_a_web_server_that_gives_no_parts_of_files(tmp_path: Path, server: str, name: str) -> None:
    _put(tmp_path / "public" / name)
    raw = _open(f"{server}/{name}?token=secret")
    assert _rows(raw) == TABLE.to_pylist()
    assert raw.about["origin"]["source"] == f"{server}/{name}"


def test_an_address_that_does_not_answer(tmp_path: Path, server: str) -> None:
    _refused(f"{server}/no.csv?token=secret", rf"{server}/no\.csv: no such file or folder")
    (tmp_path / "public" / "empty.csv").touch()
    _refused(f"{server}/empty.csv", r"empty\.csv: empty \(0 bytes\)")
    _refused(f"{server}/locked.csv?token=secret", r"locked\.csv: does not answer \(403.*Forbidden.*\); .*your right")
    _refused(f"{server}/page.html", r"page\.html: no Parquet, CSV or JSON Lines file")
    _refused("http://127.0.0.1:9/t.csv", r"t\.csv: does not answer \(.*127\.0\.0\.1:9")
    _refused("gopher://me:secret@x/t.csv", r"gopher://x/t\.csv: does not answer \(Protocol not known: gopher\)")


def test_an_address_that_needs_a_package(monkeypatch: pytest.MonkeyPatch) -> None:
    known = {"class": "no_such_package.Files", "err": "Install no_such_package to read it"}
    monkeypatch.setitem(known_implementations, "elsewhere", known)
    _refused("elsewhere://user:word@x/t.csv", r"^elsewhere://x/t\.csv: .*one more package: Install no_such_package")


# Bad input


def test_no_such_path(tmp_path: Path) -> None:
    _refused(tmp_path / "no.csv", r"no\.csv: no such file or folder; see `source` in params\.yaml")


def test_nothing_there(tmp_path: Path) -> None:
    _refused(tmp_path, "no Parquet, CSV or JSON Lines file .*: the folder is empty")
    (tmp_path / "notes.txt").write_text("hello")
    _refused(tmp_path, r"no Parquet, CSV or JSON Lines file \(\.parquet, \.pq, \.csv, .*\): found .*notes\.txt")
    _refused(tmp_path / "notes.txt", r"notes\.txt: no rows")
    (tmp_path / "whole.json").write_text('[{"x": 1}]')
    said = r"whole\.json; write it as Parquet: .*read_json\('.*'\)\.to_parquet\('.*whole\.parquet'\)"
    _refused(tmp_path / "whole.json", said)
    (tmp_path / "book.xlsx").write_bytes(b"PK\x03\x04")
    _refused(tmp_path / "book.xlsx", r"no Parquet, CSV or JSON Lines file .*; save the sheet as CSV \(UTF-8\)")
    (tmp_path / "book.csv").write_bytes(b"PK\x03\x04....")
    _refused(tmp_path / "book.csv", "an Excel workbook or a ZIP archive, not CSV: save the sheet as CSV")


@pytest.mark.parametrize("name", ["t.csv", "t.parquet"])
def test_an_empty_file(tmp_path: Path, name: str) -> None:
    (tmp_path / name).touch()
    _refused(tmp_path / name, rf"{name}: empty \(0 bytes\); bring it again")


@pytest.mark.parametrize("name", ["t.csv", "t.parquet"])
def test_a_table_without_rows(tmp_path: Path, name: str) -> None:
    _put(tmp_path / name, TABLE.slice(0, 0))
    _refused(tmp_path / name, rf"{name}: no rows")


@pytest.mark.parametrize("part", [0.3, 0.9])
def test_a_truncated_parquet(tmp_path: Path, part: float) -> None:
    _put(tmp_path / "a.parquet")
    whole = (tmp_path / "a.parquet").read_bytes()
    (tmp_path / "a.parquet").write_bytes(whole[: int(part * len(whole))])
    _refused(tmp_path, r"a\.parquet: no whole Parquet file, truncated or of another format \(.*\); bring it again")


def test_a_truncated_gzip(tmp_path: Path) -> None:
    (tmp_path / "t.csv.gz").write_bytes(gzip.compress(CSV.encode() * 100)[:-20])
    _refused(tmp_path / "t.csv.gz", r"t\.csv\.gz: ")


def test_a_parquet_with_a_column_twice(tmp_path: Path) -> None:
    _put(tmp_path / "a.parquet", TABLE.rename_columns(["id", "id", "town"]))
    _refused(tmp_path / "a.parquet", r"a\.parquet: the column 'id' is there twice; rename one")


def test_text_that_is_named_parquet(tmp_path: Path) -> None:
    (tmp_path / "a.parquet").write_text(CSV)
    _refused(tmp_path / "a.parquet", r"a\.parquet: no whole Parquet file")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('id,town\n1,"Ulm\nam See"\n\n2\n3,Bonn\n', "line 5: 1 values, but the header names 2; mend the row"),
        ("id,town\n1,Ulm\n2,Bonn,am Rhein\n", "line 3: 3 values, but the header names 2; mend the row"),
        ('id,town\n1,Ulm\n2,"Bonn\n3,Kiel\n', "line 3: a quote that does not end as it should .*; mend the row"),
        ("\n\n", "no header: the first line must name the columns"),
        ('"id","the\ntown"\n1,Ulm\n2\n', "line 4: 1 values, but the header names 2"),
        ("id,id\n1,2\n", "the column 'id' is there twice"),
    ],
)
def test_a_csv_with_a_broken_row(tmp_path: Path, content: str, said: str) -> None:
    (tmp_path / "t.csv").write_text(content)
    _refused(tmp_path / "t.csv", rf"t\.csv: {said}")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1", "cp1252", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("content", ["id,town\n1,Köln\n", "id,stößt\n1,Straße in Köln\n"])
def test_an_encoding_is_told_by_the_bytes(tmp_path: Path, content: str, encoding: str) -> None:
    (tmp_path / "t.csv").write_text(content, encoding=encoding)
    head, row = (line.split(",") for line in content.splitlines())
    assert _rows(_open(tmp_path / "t.csv")) == [{head[0]: int(row[0]), head[1]: row[1]}]


WORDS = {
    "cp1252": [
        "Köln",
        "Zürich",
        "Straße",
        "café",
        "cœur d\u2019été",
        "l\u2019Haÿ",
        "año",
        "¿qué?",
        "5 € für 3 m²",
        "20 °C",
    ],
    "cp850": ["Köln", "Zürich", "Straße", "ÄRZTE"],
    "mac_roman": ["Köln", "Zürich", "Orléans", "Île", "hôtel"],
    "cp1250": ["Łódź", "Kraków", "Gdańsk", "Żory", "Plzeň", "Žďár"],
    "cp1251": ["Москва", "Казань", "Нижний Новгород"],
    "koi8-r": ["Москва", "Казань", "Нижний Новгород"],
    "cp1253": ["Αθήνα", "Θεσσαλονίκη", "Πειραιάς"],
    "shift_jis": ["東京", "大阪", "名古屋市"],
    "gbk": ["北京", "上海", "广州市", "深圳"],
}


@pytest.mark.parametrize("encoding", WORDS)
def test_an_encoding_of_8_bits_is_told_by_the_words(tmp_path: Path, encoding: str) -> None:
    towns = WORDS[encoding] * 5
    (tmp_path / "t.csv").write_text(
        "id,town\n" + "".join(f"{place},{town}\n" for place, town in enumerate(towns)), encoding=encoding
    )
    assert [row["town"] for row in _rows(_open(tmp_path / "t.csv"))] == towns


def test_letters_that_could_be_others_are_asked_for(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_bytes(b"id,town\n1,K\x94ln\n")
    _refused(tmp_path / "t.csv", r"a word may be 'Köln' \(cp850\) or 'Kîln' \(mac_roman\); write it again in UTF-8")


@pytest.mark.parametrize(
    "content",
    [
        "id;amount;town\n1;1.5;Ulm\n2;;Bonn\n3;2.25;\n",
        "id\tamount\ttown\n1\t1.5\tUlm\n2\t\tBonn\n3\t2.25\t\n",
        "id|amount|town\n1|1.5|Ulm\n2||Bonn\n3|2.25|\n",
        "sep=;\nid;amount;town\n1;1.5;Ulm\n2;;Bonn\n3;2.25;\n",
        "id,amount,town\r\n1,1.5,Ulm\r\n2,,Bonn\r\n3,2.25,\r\n",
        "\n\nid,amount,town\n\n1,1.5,Ulm\n2,,Bonn\n3,2.25,\n\n\n",
        "Report, of March\n\nid,amount,town\n1,1.5,Ulm\n2,,Bonn\n3,2.25,\n",
        "Report;;\n;;\nid;amount;town\n1;1.5;Ulm\n2;;Bonn\n3;2.25;\n;;\n;;\n",
        "# made by a program\n# on a day\nid,amount,town\n1,1.5,Ulm\n2,,Bonn\n3,2.25,\n",
        "'id','amount','town'\n'1','1.5','Ulm'\n'2','','Bonn'\n'3','2.25',''\n",
        "id,amount,town\n1,1.5,Ulm\n2,-,Bonn\n3,2.25,\n",
        "id,amount,town\n1,1.5,Ulm\nid,amount,town\n2,,Bonn\n3,2.25,\n",
        "id,amount,town\n1,1.5,Ulm\n2,unknown,Bonn\n3,2.25,\n",
        "id, amount, town\n1, 1.5, Ulm\n2, , Bonn\n3, 2.25, \n",
    ],
)
def test_a_dialect_is_found_on_the_file(tmp_path: Path, content: str) -> None:
    (tmp_path / "t.csv").write_text(content, newline="")
    assert _rows(_open(tmp_path / "t.csv")) == TABLE.to_pylist()


def test_separators_inside_of_values_and_of_the_header_are_none(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text('"id, of the shop";amount\n1;"12,50"\n2;"1.234,50"\n3;7,5\n')
    assert [tuple(row.values()) for row in _rows(_open(tmp_path / "t.csv"))] == [
        (1, "12,50"),
        (2, "1.234,50"),
        (3, "7,5"),
    ]
    (tmp_path / "t.csv").write_text('id,said\n1,"a \\"b\\", c"\n2,"d"\n')
    assert [row["said"] for row in _rows(_open(tmp_path / "t.csv"))] == ['a "b", c', "d"]


@pytest.mark.parametrize("name", ["t.tsv", "t.txt", "t.tab", "packed.csv"])
def test_a_table_of_another_suffix(tmp_path: Path, name: str) -> None:
    text = CSV.replace(",", "\t").encode()
    (tmp_path / name).write_bytes(gzip.compress(text) if "packed" in name else text)
    assert _rows(_open(tmp_path / name)) == TABLE.to_pylist()


def test_a_file_without_a_header_says_so(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("1,2024-01-31,12.5,Ulm\n2,2024-02-01,13.5,Bonn\n")
    _refused(tmp_path / "t.csv", r"no header: the first line holds values \(1, 2024-01-31, 12.5, Ulm\); put a line")
    (tmp_path / "t.csv").write_text("shop,2019,2020\n1,5,6\n")
    assert _open(tmp_path / "t.csv").schema.names == ["shop", "2019", "2020"]


def test_files_of_several_readings_are_texts_together(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id,amount,flag,when\n1,5,true,2024-01-31 10:00\n")
    (tmp_path / "b.csv").write_text('id;amount;flag;when\n2;"12,50";;2024-01-31 10:00Z\n')
    assert [tuple(row.values()) for row in _rows(_open(tmp_path))] == [
        (1, "5", True, "2024-01-31 10:00"), (2, "12,50", None, "2024-01-31 10:00Z")
    ]  # fmt: skip


def test_a_point_that_may_part_thousands_is_left_to_be_decided(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id,amount,rate\n1,950,1.500\n2,1.200,0.250\n")
    raw = _open(tmp_path / "a.csv")
    assert [tuple(row.values()) for row in _rows(raw)] == [(1, "950", 1.5), (2, "1.200", 0.25)]
    _put(tmp_path / "b.parquet", pa.table({"id": [3], "amount": [0.5], "rate": [1.0]}))
    assert [row["amount"] for row in _rows(_open(tmp_path))] == [950.0, 1.2, 0.5]  # there it is known to be a number


def test_words_for_nothing_are_texts_among_texts(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a,b\nunknown,true\nmissing,unknown\nunknown,false\n")
    assert [tuple(row.values()) for row in _rows(_open(tmp_path / "t.csv"))] == [
        ("unknown", "true"), ("missing", "unknown"), ("unknown", "false")
    ]  # fmt: skip


def test_a_lone_quote_inside_a_value_is_no_broken_row(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text('id,pipe\n1,3" wide\n2,4\n')
    assert [row["pipe"] for row in _rows(_open(tmp_path / "t.csv"))] == ['3" wide', "4"]


@pytest.mark.parametrize("name", ["b.csv", "b.parquet"])
def test_a_later_file_with_other_columns(tmp_path: Path, name: str) -> None:
    _put(tmp_path / "a.parquet")
    _put(tmp_path / name, TABLE.rename_columns(["id", "amont", "town"]))
    said = (
        "columns 'amount' missing; 'amont' not expected: expected are those of .*{}; rename them, or take the file away"
    )
    _refused(tmp_path, rf"{name}: {said.format('a.parquet')}")
    inbox = _inbox(tmp_path, name)
    _refused(tmp_path / "a.parquet", rf"inbox/{name}: {said.format('a.parquet')}", inbox)


@pytest.mark.parametrize("name", ["b.csv", "b.parquet"])
def test_a_later_file_with_other_types(tmp_path: Path, name: str) -> None:
    _put(tmp_path / "a.parquet")
    _put(tmp_path / name, TABLE.set_column(1, "amount", pa.array(["1", "much", "2"])))
    said = rf"{name}: column 'amount' is string, expected double as in .*a\.parquet; write it in that type"
    _refused(tmp_path, said)
    if name == "b.csv":
        said = r"b\.csv: line 3: column 'amount' is 'much', expected double"
    _refused(tmp_path / "a.parquet", said, _inbox(tmp_path, name))


def test_the_inbox_is_held_to_the_source(tmp_path: Path) -> None:
    _put(tmp_path / "a.parquet", pa.table({"id": pa.array([1], pa.int8()), "x": [1.5]}))
    _put(tmp_path / "b.parquet", pa.table({"x": [2, None], "id": [2, 3]}))
    raw = _open(tmp_path / "a.parquet", _inbox(tmp_path, "b.parquet"))
    assert [tuple(row.values()) for row in _rows(raw)] == [(1, 1.5), (2, 2.0), (3, None)]
    assert raw.schema.field("id").type == pa.int8()
    _put(tmp_path / "inbox" / "c.parquet", pa.table({"x": [2], "id": [300]}))
    _refused(tmp_path / "a.parquet", r"c\.parquet: column 'id' is int64, expected int8: .*300", tmp_path / "inbox")
    _put(tmp_path / "inbox" / "c.parquet", pa.table({"x": [2], "id": [2.5]}))
    _refused(tmp_path / "a.parquet", r"c\.parquet: column 'id' is double, expected int8", tmp_path / "inbox")


def test_separators_behind_the_last_column_are_columns_of_their_own(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id,x,,\n1,2,,\n3,4,,\n")
    assert _open(tmp_path / "a.csv").schema.names == ["id", "x", "", "Unnamed: 3"]


@pytest.mark.parametrize("suffix", ["parquet", "csv"])
def test_whole_numbers_may_come_later_as_pandas_keeps_them_and_with_an_index(suffix: str, tmp_path: Path) -> None:
    _put(tmp_path / f"a.{suffix}", pa.table({"id": [1], "label": [0]}))
    later = {"Unnamed: 0": [0, 1, 2], "id": [2.0, None, 4.0], "label": [1.0, float("nan"), None]}
    _put(tmp_path / f"b.{suffix}", pa.table(later))
    raw = _open(tmp_path / f"a.{suffix}", _inbox(tmp_path, f"b.{suffix}"))
    assert [tuple(row.values()) for row in _rows(raw)] == [(1, 0), (2, 1), (None, None), (4, None)]


def test_a_wrong_inbox_is_refused_before_any_row(tmp_path: Path) -> None:
    _put(tmp_path / "a.parquet")
    _put(tmp_path / "b.csv", TABLE.select(["id"]))
    raw = _open(tmp_path / "a.parquet", _inbox(tmp_path, "b.csv"))
    with pytest.raises(DataError, match=r"b\.csv: columns 'amount', 'town' missing"):
        next(raw.batches)


def test_a_partitioned_inbox_is_held_to_the_folders_names(tmp_path: Path) -> None:
    _put(tmp_path / "data" / "shop=1" / "a.parquet")
    _put(tmp_path / "inbox" / "shop=2" / "a.parquet")
    assert [row["shop"] for row in _rows(_open(tmp_path / "data", tmp_path / "inbox"))] == [1] * 3 + [2] * 3
    _put(tmp_path / "inbox" / "shop=x" / "a.parquet")
    said = r"shop=x/a\.parquet: column 'shop' is x by its folder, expected int64"
    _refused(tmp_path / "data", said, tmp_path / "inbox")
    _put(tmp_path / "data" / "b.parquet")
    _refused(tmp_path / "data", r"columns 'shop' .*expected")


def _open(place: Path | str, inbox: Path | None = None) -> Raw:
    return source.open(Origin(str(place), None, inbox))


def _rows(raw: Raw) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = pa.Table.from_batches(raw.batches, raw.schema).to_pylist()
    return rows


def _refused(place: Path | str, said: str, inbox: Path | None = None) -> None:
    """See that the table is refused in one line, whether when it is opened or when its rows are asked for."""
    with pytest.raises(DataError, match=said) as caught:
        list(_open(place, inbox).batches)
    assert "\n" not in str(caught.value)
    assert "secret" not in str(caught.value)


def _put(path: Path, table: pa.Table = TABLE) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".parquet":
        pq.write_table(table, path)
        return
    rows = [",".join("" if value is None else str(value) for value in row.values()) for row in table.to_pylist()]
    text = "".join(f"{line}\n" for line in [",".join(table.column_names), *rows]).encode()
    path.write_bytes(gzip.compress(text) if path.suffix == ".gz" else text)


def _inbox(folder: Path, name: str) -> Path:
    """Move the file into an inbox of its own."""
    (folder / "inbox").mkdir()
    (folder / name).rename(folder / "inbox" / name)
    return folder / "inbox"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    class Quiet(SimpleHTTPRequestHandler):
        def do_GET(self) -> None:
            if "locked" in self.path:
                self.send_error(403, "Forbidden")
            else:
                super().do_GET()

        def log_message(self, format: str, *args: object) -> None:
            pass

    (tmp_path / "public").mkdir()
    listener = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(tmp_path / "public")))
    thread = threading.Thread(target=partial(listener.serve_forever, poll_interval=0.01))
    thread.start()
    yield f"http://127.0.0.1:{listener.server_port}"
    listener.shutdown()
    listener.server_close()
    thread.join()
