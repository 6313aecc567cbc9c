import hashlib
import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest

from components.config.errors import ConfigError
from components.inference.gateway import keys
from components.inference.gateway.keys import Keys, new_key
from tests.conftest import ROOT


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [1000.0]
    monkeypatch.setattr(keys.time, "monotonic", lambda: now[0])
    return now


def bearer(key: str) -> dict[bytes, bytes]:
    return {b"host": b"x", b"authorization": f"Bearer {key}".encode()}


def test_the_command_shows_a_key_and_the_line_that_lets_it_in(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "components.inference.gateway.keys", "shop"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    _, key, _, line = done.stdout.splitlines()
    (tmp_path / "keys").write_text(f"# the shop's\n\n{line}\n")
    assert key not in line
    assert Keys(tmp_path / "keys").name(bearer(key)) == "shop"
    wrong = subprocess.run([*command, "and more"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert wrong.returncode == 1
    assert wrong.stderr.startswith("say whose key it is")


def test_a_key_is_long_and_no_two_are_the_same() -> None:
    made = {new_key("shop")[0] for _ in range(100)}
    assert len(made) == 100
    assert min(map(len, made)) >= 43  # 256 bits in base 64


def test_a_name_that_would_corrupt_the_file_is_refused() -> None:
    for name in ("", "a:b", "a\nb", "é", "x" * 65):
        with pytest.raises(ConfigError, match="is no name for a key"):
            new_key(name)


def test_a_key_may_come_in_either_header() -> None:
    (key, line), (other, _) = new_key("shop"), new_key("till")
    known = Keys(lines=line)
    assert known.name(bearer(key)) == "shop"
    assert known.name({b"authorization": f"bearer  {key} ".encode()}) == "shop"
    assert known.name({b"x-api-key": key.encode()}) == "shop"
    for headers in ({}, bearer(other), bearer(""), {b"authorization": key.encode()}, {b"cookie": key.encode()}):
        assert known.name(headers) is None
    assert known.name(bearer(line.partition(":")[2])) is None, "the hash is no key"


def test_keys_of_file_and_setting_open_side_by_side(tmp_path: Path) -> None:
    (shop, line), (till, second), (desk, third) = new_key("shop"), new_key("till"), new_key("desk")
    (tmp_path / "keys").write_text(third)
    known = Keys(tmp_path / "keys", f"{line}, {second}")
    assert [known.name(bearer(key)) for key in (shop, till, desk)] == ["shop", "till", "desk"]


def test_a_key_is_revoked_within_a_second(tmp_path: Path, clock: list[float]) -> None:
    (shop, line), (till, second) = new_key("shop"), new_key("till")
    file = tmp_path / "keys"
    file.write_text(f"{line}\n{second}\n")
    known = Keys(file)
    file.write_text(f"{second}\n")
    assert known.name(bearer(shop)) == "shop", "no second has passed"
    clock[0] += 1
    assert known.name(bearer(shop)) is None
    assert known.name(bearer(till)) == "till"
    file.write_text("# nobody\n")
    clock[0] += 1
    assert known.name(bearer(till)) is None, "a file without keys opens to nobody"


@pytest.mark.parametrize("broken", ["shop", "shop:12", "\udcff", None])
def test_a_broken_file_keeps_the_old_keys_and_says_so(
    broken: str | None, tmp_path: Path, clock: list[float], caplog: pytest.LogCaptureFixture
) -> None:
    key, line = new_key("shop")
    file = tmp_path / "keys"
    file.write_text(line)
    known = Keys(file)
    file.unlink() if broken is None else file.write_bytes(os.fsencode(broken))
    clock[0] += 1
    assert known.name(bearer(key)) == "shop"
    assert known.name(bearer("anything")) is None
    (record,) = caplog.records
    assert record.levelno == logging.ERROR
    assert "the keys from before" in record.message
    clock[0] += 1
    known.name(bearer(key))
    assert len(caplog.records) == 1, "it is said once"


def test_a_key_in_place_of_its_hash_is_not_repeated(tmp_path: Path) -> None:
    key, _ = new_key("shop")
    (tmp_path / "keys").write_text(f"# shop\nshop:{key}\n")
    with pytest.raises(ConfigError, match="line 2") as caught:
        Keys(tmp_path / "keys")
    assert key not in str(caught.value)


def test_a_setting_without_a_key_opens_nothing(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="names no key"):
        Keys(lines="")
    with pytest.raises(ConfigError, match="cannot be read"):
        Keys(tmp_path / "missing")


def test_every_key_is_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    made = [new_key(f"key-{number}") for number in range(5)]
    known = Keys(lines=",".join(line for _, line in made))
    compared = []

    def compare(one: bytes, other: bytes) -> bool:
        compared.append(one)
        return one == other

    monkeypatch.setattr(keys.hmac, "compare_digest", compare)
    assert known.name(bearer(made[0][0])) == "key-0"
    assert compared == [hashlib.sha256(key.encode()).digest() for key, _ in made]
