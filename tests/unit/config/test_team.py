"""`journeyman.toml`: what a team shares, said once; the environment wins, and a wrong line is told in one."""

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa

from components.config.errors import ConfigError
from components.config.settings import environment, no_longer_set
from components.config.team import FILE, NAMES, read_team, written_passwords
from tests.conftest import ROOT
from tests.public_names import held


def say(folder: Path, *lines: str) -> Path:
    (folder / FILE).write_text("\n".join(["[environment]", *lines]))
    return folder


def test_without_a_file_nothing_changes(tmp_path: Path) -> None:
    assert read_team(tmp_path) == {}
    assert "JOURNEYMAN_TEAM" not in environment(tmp_path)


def test_what_it_says_comes_after_the_environment_and_before_what_is_usual(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    say(
        tmp_path,
        'JOURNEYMAN_CHAMPIONS = "s3://b/champions"',
        "JOURNEYMAN_FOLLOW_EVERY = 2.5",
        'MLFLOW_TRACKING_URI = "http://m"',
    )
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://mine")
    said = environment(tmp_path)
    assert said["JOURNEYMAN_CHAMPIONS"] == "s3://b/champions"
    assert said["JOURNEYMAN_FOLLOW_EVERY"] == "2.5"
    assert said["MLFLOW_TRACKING_URI"] == "http://mine"
    assert said["BENTOML_HOME"] == str(tmp_path / "state" / "bentoml")


def test_a_secret_comes_from_whoever_reads_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    say(tmp_path, 'JOURNEYMAN_MEMORY = "postgresql://m:${MEMORY_PASSWORD}@db/m"')
    with pytest.raises(ConfigError, match="JOURNEYMAN_MEMORY wants the variable MEMORY_PASSWORD, which is not set"):
        read_team(tmp_path)
    monkeypatch.setenv("MEMORY_PASSWORD", "secret")
    assert read_team(tmp_path) == {"JOURNEYMAN_MEMORY": "postgresql://m:secret@db/m"}


def test_a_password_is_put_in_so_that_the_address_is_read_as_it_is_meant(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    say(tmp_path, 'JOURNEYMAN_MEMORY = "postgresql://m:${PASSWORD}@db/m"', 'AWS_SECRET_ACCESS_KEY = "${PASSWORD}"')
    for password in ("p@ss/w:rd", "50%", "#?[ ]", "über", "p%40ss", "a+b&c=d"):
        monkeypatch.setenv("PASSWORD", password)
        said = read_team(tmp_path)
        found = sa.make_url(said["JOURNEYMAN_MEMORY"])
        assert (found.host, found.password) == ("db", "p@ss" if password == "p%40ss" else password)
        assert said["AWS_SECRET_ACCESS_KEY"] == password  # which stands in no address


def test_a_password_that_is_written_out_is_named(tmp_path: Path) -> None:
    assert written_passwords(tmp_path) == []
    say(
        tmp_path,
        'JOURNEYMAN_MEMORY = "postgresql://endpoint:${PASSWORD}@db.example.org/memory"',
        'MLFLOW_TRACKING_URI = "postgresql+pg8000://mlflow:hunter2@db.example.org/mlflow"',
        'JOURNEYMAN_STUDIES = "postgresql+pg8000://search:pre${PASSWORD}@db.example.org/studies"',
        'JOURNEYMAN_CHAMPIONS = "s3://team/champions"',
        "JOURNEYMAN_LOG_BYTES = 5",
    )
    assert written_passwords(tmp_path) == ["MLFLOW_TRACKING_URI", "JOURNEYMAN_STUDIES"]


def test_names_of_tools_that_are_like_another_are_taken_as_they_are(tmp_path: Path) -> None:
    names = ("AWS_ENDPOINT_URL_S3", "AWS_REGION", "MLFLOW_TRACKING_USERNAME", "PREFECT_API_SSL_CERT_FILE")
    say(tmp_path, *(f'{name} = "x"' for name in names))
    assert set(read_team(tmp_path)) == set(names)


def test_mlflow_prints_no_address_that_has_a_password(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    quiet = "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "https://me:secret@mlflow.example.org")
    assert environment(tmp_path)[quiet] == "true"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "https://mlflow.example.org")
    assert quiet not in environment(tmp_path)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "[environment]\nJOURNEYMAN_CHAMPION = 's3://b'",
            "JOURNEYMAN_CHAMPION is no setting; did you mean JOURNEYMAN_CHAMPIONS?",
        ),
        ("[environment]\nMLFLOW_TRACKING_URI = ['a']", "MLFLOW_TRACKING_URI has to be a text or a number"),
        (
            "[environment]\nAWS_SECRET_ACCESS_KEY = 'x'",
            "AWS_SECRET_ACCESS_KEY is a secret, and the file is everybody's",
        ),
        ("[environment]\nJOURNEYMAN_API_KEYS = 'x'", "JOURNEYMAN_API_KEYS is a secret"),
        (
            "[environment]\nMLFLOW_TRACKING_URL = 'http://m'",
            r"MLFLOW_TRACKING_URL is read by nobody; did you mean MLFLOW_TRACKING_URI\?",
        ),
        ("[environment]\nJOURNEYMAN_CHAMPIONS = ''", "JOURNEYMAN_CHAMPIONS is empty; leave the line out"),
        ("[environment]\nJOURNEYMAN_CHAMPIONS = '${NOTHING}'", "wants the variable NOTHING, which is empty; export"),
        ("[environment]\nJOURNEYMAN_LOG_DIR = '$HOME/log'", r"has \$HOME: a variable is written \$\{NAME\}"),
        ("[environment]\nJOURNEYMAN_LOG_DIR = '${HOME/log'", r"has \$\{HOME/log: a variable is written"),
        ('[environment]\nJOURNEYMAN_LOG_DIR = "a\\nb"', "has a line break or another control character"),
        ("[environment]\nJOURNEYMAN_LOG_DIR = 'caf\xe9'", "it is no text in UTF-8; save it as such"),
        ("environment = 1", "environment has to be a table"),
        ("[store]\na = 1", r"store is unknown; settings stand below the line \[environment\]"),
        ("[environment]\nx =", "Invalid value"),
    ],
)
def test_what_is_wrong_is_told_in_one_line(
    text: str, sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NOTHING", "")
    (tmp_path / FILE).write_bytes(text.encode("latin-1"))
    with pytest.raises(ConfigError, match=f"^journeyman.toml: .*{sentence}") as told:
        environment(tmp_path)
    assert "\n" not in str(told.value)


def test_what_it_said_before_is_no_choice_of_the_user_s(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    say(tmp_path, 'JOURNEYMAN_MEMORY = "postgresql://old/m"', 'JOURNEYMAN_STUDIES = "postgresql://old/s"')
    for name, value in environment(tmp_path).items():
        monkeypatch.setenv(name, value)
    say(tmp_path, 'JOURNEYMAN_MEMORY = "postgresql://new/m"')
    assert environment(tmp_path)["JOURNEYMAN_MEMORY"] == "postgresql://new/m"
    assert no_longer_set(tmp_path) == ["JOURNEYMAN_STUDIES"]
    monkeypatch.setenv("JOURNEYMAN_STUDIES", "postgresql://mine/s")
    assert no_longer_set(tmp_path) == []


def test_a_shell_gets_what_it_says_and_gives_back_what_it_says_no_more(tmp_path: Path) -> None:
    def exports(**variables: str) -> list[list[str]]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("JOURNEYMAN_")}
        shell = [sys.executable, "-m", "components.system.shell"]
        told = {**kept, "PYTHONPATH": str(ROOT), **variables}
        done = subprocess.run(shell, cwd=tmp_path, env=told, capture_output=True, text=True, check=True)
        return [shlex.split(line) for line in done.stdout.splitlines()]

    say(tmp_path, 'JOURNEYMAN_MEMORY = "postgresql://old/m"')
    said = dict(line[1].split("=", 1) for line in exports())
    assert said["JOURNEYMAN_MEMORY"] == "postgresql://old/m"
    say(tmp_path)
    assert ["unset", "JOURNEYMAN_MEMORY"] in exports(**said)


def test_every_setting_that_may_be_shared_is_a_public_name() -> None:
    # what a process or a machine has to itself is not shared
    own = {"CLOCK", "DEVICE", "LAUNCHED", "LEDGER_WITHIN", "ROOT", "SUPERVISOR", "TEAM", "TERMINAL", "USED", "VERSION"}
    public = {name for name in held("environment variables") if name.startswith("JOURNEYMAN_")}
    assert public - {f"JOURNEYMAN_{name}" for name in own} == NAMES
