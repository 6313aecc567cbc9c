"""Somebody who answers what the page of labels asks, as the page itself does."""

from collections.abc import Mapping

import httpx

_HOLDER = "an-expert"


def answer(url: str, truth: Mapping[str, str], leave: int) -> int:
    """Answer the open questions but a few, which are left for whoever looks at the page; return how many.

    Args:
        url: of the page's server.
        truth: by event id the label that is right.
        leave: how many are left, and at most half of them.
    """
    answered = 0
    with httpx.Client(base_url=url, timeout=30.0, trust_env=False) as client:
        seen = client.post("/label/next", json={"holder": _HOLDER}).raise_for_status().json()
        leave = min(leave, seen["counts"]["open"] // 2)
        while (question := seen["question"]) and seen["counts"]["open"] > leave:
            known = truth.get(question["id"])
            what = {"what": "skip"} if known is None else {"what": "label", "value": known}
            said = {"holder": _HOLDER, "id": question["id"], "seen": False, **what}
            seen = client.post("/label/answer", json=said).raise_for_status().json()
            answered += known is not None
    return answered
