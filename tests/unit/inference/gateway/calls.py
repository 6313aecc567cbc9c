"""Calls, as a server hands them over."""

from components.inference.gateway.call import Call, Message


def call(path: str = "/predict", method: str = "POST", **headers: str) -> Call:
    """Return a call; `x_api_key="..."` is the header `x-api-key`."""
    sent = [(name.replace("_", "-").encode(), value.encode("latin-1")) for name, value in headers.items()]
    return Call({"type": "http", "method": method, "path": path, "headers": sent}, _nothing, 5.0)


async def _nothing() -> Message:
    return {"type": "http.disconnect"}
