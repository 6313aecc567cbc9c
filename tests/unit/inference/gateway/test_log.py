import fcntl
import json
import os
import select
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from components.inference.gateway import log
from tests.unit.inference.gateway.calls import call


def test_a_line_is_one_object_of_json_without_the_key() -> None:
    over = call('/predict\n"', authorization="Bearer secret", x_request_id="a-1")
    over.caller, over.status, over.seconds, over.version, over.received = "shop", 200, 0.0012345, "7", 426
    text = log.line(over, 1_700_000_000.0625)
    assert text.endswith(b"}\n")
    assert text.count(b"\n") == 1
    assert b"secret" not in text
    assert json.loads(text) == {
        "time": "2023-11-14T22:13:20.062Z",
        "request_id": "a-1",
        "method": "POST",
        "path": '/predict\n"',
        "status": 200,
        "outcome": "answered",
        "ms": 1.234,
        "model_version": "7",
        "key": "shop",
        "bytes": 426,
    }


@pytest.mark.parametrize("sent", ["a", "A-b_c.9", "x" * 128])
def test_a_sane_id_is_kept(sent: str) -> None:
    assert call(x_request_id=sent).id.decode() == sent


@pytest.mark.parametrize("sent", ["", "x" * 129, "a b", 'a"', "a\n", "\xff", "a\r\nset-cookie: b"])
def test_any_other_is_made_anew_and_once(sent: str) -> None:
    made = [call(x_request_id=sent).id for _ in range(3)] + [call().id]
    assert len(set(made)) == 4
    assert all(call(x_request_id=id.decode()).id == id for id in made)


def test_the_longest_line_is_within_what_a_pipe_takes_in_one_piece() -> None:
    over = call("/" + "\U0001f600" * 60_000, x_request_id="x" * 128)
    over.caller, over.version = "x" * 64, "1" * 20
    assert len(log.line(over, 0.0)) <= select.PIPE_BUF


@contextmanager
def standard_output(file: int) -> Iterator[None]:
    kept = os.dup(1)
    os.dup2(file, 1)
    try:
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)


def test_a_line_that_nobody_will_read_is_lost_and_nothing_else() -> None:
    read, write = os.pipe()
    os.close(read)
    with standard_output(write):
        log.observe(call())
    os.close(write)


def test_no_request_waits_for_a_reader_that_has_stopped() -> None:
    read, write = os.pipe()
    lines = 2 * fcntl.fcntl(write, fcntl.F_GETPIPE_SZ) // len(log.line(call(), 0.0))
    with standard_output(write):
        for _ in range(lines):
            log.observe(call())
    os.close(write)
    with os.fdopen(read) as file:
        kept = [json.loads(line) for line in file]
    assert 0 < len(kept) < lines
