"""What an address may be, and what is told of a store that refuses one thing and allows another."""

from typing import Any

import pytest

from components.config.errors import ConfigError
from components.system.address import Address


@pytest.mark.parametrize("refused", ["pipe_file", "cat_file", "info"])
def test_a_right_that_is_missing_is_told_in_one_line(refused: str, monkeypatch: pytest.MonkeyPatch) -> None:
    address = Address("memory://team/champions")
    address.examine()

    def forbidden(*_: Any, **__: Any) -> Any:
        raise PermissionError(13, "Access Denied")

    monkeypatch.setattr(address._files, refused, forbidden)
    with pytest.raises(
        ConfigError, match=r"^JOURNEYMAN_CHAMPIONS: memory://team/champions must not be written with these"
    ):
        address.examine()


@pytest.mark.parametrize("said", ["champions", "file://champions", "local://champions", "~/champions", ""])
def test_a_directory_is_named_by_its_whole_path(said: str) -> None:
    with pytest.raises(ConfigError, match="name the directory by its whole path, as /"):
        Address(said)


@pytest.mark.parametrize("said", ["/a/b/", "file:///a/b", "file:///a/b/"])
def test_a_slash_at_the_end_changes_nothing(said: str) -> None:
    assert str(Address(said).folder) == "/a/b"
