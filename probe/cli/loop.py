import asyncio
from collections.abc import Callable


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """uvloop's where it is installed; None lets asyncio choose."""
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop
