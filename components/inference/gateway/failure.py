"""What is said to a call that comes to nothing."""

import asyncio
import logging

from components.config.errors import BadRequest, EndpointError
from components.inference.gateway.body import Gone, Refused
from components.inference.gateway.call import Call, Reply, gone, refusal
from components.inference.lane import Late

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
        case Gone():
            return gone(call)
        case EndpointError():
            call.outcome = "failed"
            return refusal(503, str(error))
        case Late() | asyncio.CancelledError():
            return _late(call, error)
    if not isinstance(error, Exception):
        raise error
    call.outcome = "failed"
    logger.error("request %s failed", call.id.decode(), exc_info=error)
    return refusal(500, f"the endpoint failed; its log says why, under {call.id.decode()}")


def _late(call: Call, error: BaseException) -> Reply:
    """Return the reply to a call that was given up for its deadline, and for no other reason."""
    if not (call.late or isinstance(error, Late)):
        raise error
    call.outcome = "late"
    return refusal(504, f"there was no answer within {call.deadline - call.began:g} s")
