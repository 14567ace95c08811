from collections.abc import Iterator
from contextlib import contextmanager

from probe.cli.child import start_child


@contextmanager
def demo_shop() -> Iterator[str]:
    """The URL of a demo shop on a free port, in a process of its own that ends when this one does."""
    with start_child("the demo shop", ["probe.demo", "--port", "0", "--stop-with-stdin"]) as shop:
        yield str(shop.ready()["url"])
