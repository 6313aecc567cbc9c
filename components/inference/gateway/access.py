"""Who gets in: a guard before everything else. A key where keys are set, and questions at the rate that is set."""

import logging
from typing import Literal

import psutil

from components.inference.gateway.call import Call, Reply, refusal
from components.inference.gateway.keys import Keys
from components.inference.gateway.protocols.open_inference.paths import LIVE, READY
from components.inference.gateway.protocols.sagemaker import PING
from components.inference.gateway.rate import Rate

Shown = Literal["open", "keys", "off"]

HEALTH = ("/livez", "/healthz", "/readyz", PING, LIVE, READY)
"""Routes that ask for no key."""
_PAGE = ("/page/", "/label/label.")
"""The page itself is the same for everyone and says nothing; what it asks for, it asks for with a key."""
_EVERYONE = ""
_WHO = "an API key is needed: send it as `Authorization: Bearer KEY` or `X-API-Key: KEY`"

logger = logging.getLogger(__name__)


class Access:
    """Answers 401 to whom no key opens, and 429 to who asks too often."""

    def __init__(self, keys: Keys | None, rate: Rate | None, metrics: Shown) -> None:
        """Take the keys (None: everyone is let in), the rate (None: however often) and who may read `/metrics`.

        Whoever may read that may read `/watch`.
        """
        self._keys, self._rate = keys, rate
        self._open = {*HEALTH, "/", "/label", *(("/metrics", "/watch") if metrics == "open" else ())}

    def guard(self, call: Call) -> Reply | None:
        """Return the refusal, if it is one; who asks is in `call.caller` then."""
        if call.path in self._open or call.path.startswith(_PAGE):
            return None
        if self._keys:
            call.caller = self._keys.name(call.headers)
            if call.caller is None:
                call.outcome = "key"
                return refusal(401, _WHO, (b"www-authenticate", b"Bearer"))
        if self._rate and call.method == "POST":
            return self._often(self._rate, call)
        return None

    def _often(self, rate: Rate, call: Call) -> Reply | None:
        if not (seconds := rate.wait(call.caller or _EVERYONE, call.began)):
            return None
        call.outcome = "rate"
        return refusal(429, f"too many requests; come again in {seconds} s", (b"retry-after", b"%d" % seconds))


def warn_of_strangers() -> None:
    """Say so where this process, which asks for no keys, listens to other machines."""
    if abroad := [address for address in _listening() if address != "::1" and not address.startswith("127.")]:
        logger.warning("listening on %s without API keys: whoever reaches it may ask", ", ".join(abroad))


def _listening() -> list[str]:
    """Return the addresses that this process listens on."""
    connections = psutil.Process().net_connections()
    return sorted({connection.laddr.ip for connection in connections if connection.status == psutil.CONN_LISTEN})
