from urllib.error import URLError
from urllib.request import urlopen

import pytest

from probe.cli.demo_shop import demo_shop


def test_the_shop_is_there_while_it_is_needed_and_then_gone() -> None:
    with demo_shop() as url, urlopen(f"{url}/healthz") as answer:
        assert answer.status == 200
    with pytest.raises(URLError):
        urlopen(f"{url}/healthz")
