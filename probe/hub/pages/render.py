"""Values to HTML. Everything that came from outside is escaped, and nothing in a page runs but our own script."""

import re
from collections.abc import Mapping

from aiohttp import web
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from probe.export.text import printable
from probe.hub.pages.assets import Asset
from probe.hub.pages.paths import journey_path, overview_path, run_path

_NAMED = re.compile(r"\*([^*]+)\*")
_LARGE = 16 * 1024


def environment(assets: Mapping[str, Asset]) -> Environment:
    made = Environment(
        loader=PackageLoader(__package__),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(printable=printable, sentence=_sentence)
    made.globals.update(
        asset=lambda name: assets[name].path,
        journey_path=journey_path,
        overview_path=overview_path,
        run_path=run_path,
    )
    return made


def _sentence(text: str) -> Markup:
    """A comparison's sentence: it puts a step's name between asterisks."""
    return Markup(_NAMED.sub(r"<em>\1</em>", str(escape(printable(text)))))  # noqa: S704 - escaped before it is marked up


def html_response(text: str, status: int = 200) -> web.Response:
    response = web.Response(text=text, status=status, content_type="text/html", zlib_executor_size=_LARGE)
    response.enable_compression()
    return response
