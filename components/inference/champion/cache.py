"""What is published for one workload, as an endpoint has it: by way of a cache that the workers of a machine share."""

import logging
import shutil
from pathlib import Path

from components.config.errors import PublishedError
from components.inference.champion.published import CHAMPION, LOCK, Pointer, fetch, parse_pointer, read_pointer
from components.system.address import Address
from components.system.files import whole_file
from components.system.locks import locked

logger = logging.getLogger(__name__)

_KEPT = 4  # bundles in the cache: the one at work, the one before, a canary's, and a shadow's


class Champions:
    """What is published for one workload, by way of a cache that the workers of a machine share."""

    def __init__(self, address: str, workload: str, cache: Path) -> None:
        self.address = Address(address)
        self.workload = workload
        self._cache = cache / workload

    def pointer(self, name: str = CHAMPION) -> Pointer | None:
        """Return where the pointer of that name points; None: there is none.

        Raises:
            PublishedError: it cannot be read, or is not what its hash says.
        """
        return read_pointer(self.address, self.workload, name)

    def bundle(self, pointer: Pointer) -> Path:
        """Return the directory with the pointer's bundle, fetched unless it is in the cache; see `fetch`."""
        return fetch(self.address, pointer, self._cache / pointer.name)

    def last(self) -> Pointer | None:
        """Return the pointer whose bundle was last found good on this machine."""
        try:
            path = self._cache / f"{CHAMPION}.json"
            return parse_pointer(path.read_bytes(), self.workload, str(path))
        except (OSError, PublishedError):
            return None

    def remember(self, pointer: Pointer) -> None:
        """Note that this pointer's bundle is good, and delete the bundles before the last four."""
        try:
            with locked(self._cache / LOCK):
                bundles = sorted((p for p in self._cache.iterdir() if p.is_dir()), key=lambda p: p.stat().st_mtime)
                for old in bundles[:-_KEPT]:
                    shutil.rmtree(old, ignore_errors=True)
                with whole_file(self._cache / f"{CHAMPION}.json") as draft:
                    draft.write_text(pointer.model_dump_json())
        except OSError as error:  # a full disk: no reason to go without the champion
            logger.warning("%s: %s cannot be noted as the last champion: %s", self.workload, pointer.name, error)
