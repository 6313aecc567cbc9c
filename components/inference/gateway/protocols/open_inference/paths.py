"""`/v2/models/NAME[/versions/VERSION][/ready | /infer]` -> one route for each, whatever the model is called."""

import re
from collections.abc import Callable
from urllib.parse import unquote

from components.inference.gateway.call import Call, Reply, refusal

SERVER, LIVE, READY = "/v2", "/v2/health/live", "/v2/health/ready"
MODEL, MODEL_READY, INFER = "/v2/model", "/v2/model/ready", "/v2/model/infer"
"""What the paths with the model's name become."""
ALL = (SERVER, LIVE, READY, MODEL, MODEL_READY, INFER)

_MODELS = "/v2/models/"
_PATH = re.compile(r"/v2/models/([^/]+)(?:/versions/([^/]+))?(/ready|/infer)?").fullmatch


def named(model: Callable[[], tuple[str, str]]) -> Callable[[Call], Reply | None]:
    """Return the guard that refuses other models and versions than the one at work; `model` returns its two names."""

    def guard(call: Call) -> Reply | None:
        if not call.path.startswith(_MODELS) or not (found := _PATH(call.path)):
            return None
        name, version = model()
        asked, its_version, what = found[1], found[2], found[3]
        if unquote(asked) != name:
            return refusal(404, f"there is no model {unquote(asked)!r:.100} here, but {name!r}")
        if its_version is not None and unquote(its_version) != version:
            return refusal(404, f"version {unquote(its_version)!r:.100} of {name} is not at work, but {version!r}")
        call.path = MODEL + (what or "")
        return None

    return guard
