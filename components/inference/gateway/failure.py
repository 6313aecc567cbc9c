"""What is said to a call that comes to nothing."""

import asyncio
import logging

from components.config.errors import BadRequest, EndpointError
from components.inference.engine.batcher import Late
from components.inference.gateway.call import Call, Reply, gone, refusal
from components.inference.gateway.request.body import Gone, Refused

logger = logging.getLogger(__name__)


def failure(call: Call, error: BaseException) -> Reply:
    """Return the reply to a call that ended with `error`, and note the outcome; what is no answer is raised again."""
    if call.status:  # its answer has begun
        raise error
    match error:
        case Refused():
            call.outcome = "invalid"
            return error.reply
        case BadRequest():
            call.outcome = "invalid"
            return refusal(400, str(error))
        case EndpointError():
            call.outcome = "failed"
            return refusal(503, str(error))
        case Gone() | Late() | asyncio.CancelledError():
            return _given_up(call, error)
        case Exception():
            call.outcome = "failed"
            logger.error("request %s failed", call.id.decode(), exc_info=error)
            return refusal(500, f"the endpoint failed; its log says why, under {call.id.decode()}")
    raise error


def _given_up(call: Call, error: BaseException) -> Reply:
    if isinstance(error, Gone) or call.given_up == "gone":
        return gone(call)
    if not (isinstance(error, Late) or call.given_up):
        raise error
    call.outcome = "late"
    limit = f"within {call.deadline - call.began:g} s"
    if call.whole or not call.has_body:
        return refusal(504, f"there was no answer {limit}")
    return refusal(408, f"the body did not come {limit}", (b"connection", b"close"))
