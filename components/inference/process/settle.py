"""What a process of the endpoint does to itself: a worker before and after its model is loaded."""

import gc
import logging

_YOUNG = 50_000  # objects that may come before they are looked through; a request leaves none behind


def speak() -> None:
    """Have what this project logs be heard from INFO on, as what BentoML logs is."""
    logging.getLogger("components").setLevel(logging.INFO)


def settle() -> None:
    """Leave what is loaded out of garbage collection, which took 65 ms in the middle of requests otherwise.

    Also has uvicorn write no access log, which it would make up and throw away for every request.
    """
    logging.getLogger("uvicorn.access").propagate = False
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG, 20, 20)
