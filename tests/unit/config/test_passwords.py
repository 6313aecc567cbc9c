"""What is shown of an address has no password in it, however the password is written."""

import pytest

from components.config.passwords import without_password


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://m:secret@db/m",
        "postgresql+pg8000://m:s@cret/secret@db:5432/m",
        "postgresql://m:se/secret@db/m",
        "postgresql://m:a secret@db/m",
        "postgresql:m:secret@db",
        "https://:secret@db/x",
        "ftp://m:secret@db/x",
        "postgresql://db/m?user=m&password=secret",
        "postgresql://db/m?sslpassword=secret&sslmode=require",
        "API request to http://m:secret@db/api failed",
    ],
)
def test_a_password_is_not_shown(address: str) -> None:
    shown = without_password(address)
    assert "secret" not in shown
    assert "s@cret" not in shown
    assert "***" in shown
    assert "db" in shown


@pytest.mark.parametrize(
    "address",
    [
        "s3://b/x",
        "http://host:5000/x",
        "/a:b/c",
        "postgresql://m@db:5432/m?sslmode=require",
        "127.0.0.1:1",
        "r://db: as p://a@b",
    ],
)
def test_the_rest_is(address: str) -> None:
    assert without_password(address) == address
