"""The machines of `hosts.yaml`: written a line each, read strictly."""

from pathlib import Path

import pytest

from components.config.errors import ConfigError
from components.plan.hosts import host_line, read_hosts, with_line
from components.plan.machine import Machine, Speeds

SPEEDS = Speeds(100.0, 200.0, 300.0, 80.0, 160.0, 8.0, 0.5, 1.9)


def machine(cores: int = 2, gpu: str = "") -> Machine:
    return Machine("a processor, 2.0 GHz: {x}", cores, 16.0, gpu, SPEEDS)


def test_a_line_is_read_back_as_it_was_measured(tmp_path: Path) -> None:
    path = tmp_path / "hosts.yaml"
    path.write_text(with_line("", host_line("box", machine())))
    (host,) = read_hosts(path)
    assert (host.name, host.cores, host.processor) == ("box", 2, "a processor, 2.0 GHz: {x}")
    assert (host.matrix_int8, host.scale, host.gpu) == (300.0, 1.9, "")


def test_a_machine_that_is_measured_again_keeps_its_place_and_all_else_stays(tmp_path: Path) -> None:
    text = with_line("", host_line("box", machine())) + "  # by hand\n"
    text = with_line(text, host_line("box-gpu", machine(gpu="H200")))
    again = with_line(text, host_line("box", machine(cores=4)))
    path = tmp_path / "hosts.yaml"
    path.write_text(again)
    assert [(host.name, host.cores, host.gpu) for host in read_hosts(path)] == [("box", 4, ""), ("box-gpu", 2, "H200")]
    assert "  # by hand\n" in again
    assert with_line(again, host_line("box", machine(cores=4))) == again


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("hosts: []\n", "no machine; on each: python -m flows.measure --into "),
        ("machines: []\n", "machines"),
        ("hosts:\n", "hosts: found None"),
    ],
)
def test_a_wrong_file_is_said_in_one_line(text: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "hosts.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        read_hosts(path)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_two_machines_of_one_name_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "hosts.yaml"
    line = host_line("box", machine())
    path.write_text(f"hosts:\n{line}\n{line}\n")
    with pytest.raises(ConfigError, match="box is there twice"):
        read_hosts(path)


def test_a_name_that_is_none_is_refused() -> None:
    with pytest.raises(ConfigError, match="name"):
        host_line("a box", machine())
