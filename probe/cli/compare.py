import os
import sys
from decimal import Decimal
from pathlib import Path

import click
import msgspec

from probe.cli.ask_hub import ask_hub
from probe.cli.parsing import parse_time
from probe.cli.reports import require_places, say, view_for, write_text
from probe.compare.result import Comparison
from probe.errors import ExitCode, ProbeError
from probe.export.comparison import comparison_lines

HUB = "http://127.0.0.1:8320"
PATH = "/api/v1/compare"


@click.command("compare")
@click.argument("journey", metavar="JOURNEY")
@click.option(
    "--window",
    "window_ns",
    metavar="TIME",
    callback=parse_time,
    show_default="the latest 240 slots, at least 15m",
    help="How far back.",
)
@click.option("--hub", metavar="URL", default=HUB, envvar="PROBE_HUB_URL", show_default=True, help="The hub to ask.")
@click.option("--env", metavar="ENV", default="", help="Of several environments, which one.")
@click.option(
    "--json",
    "json_path",
    metavar="[PATH|-]",
    type=click.Path(path_type=Path),
    is_flag=False,
    flag_value="-",
    help="Write the comparison as JSON; - or nothing is stdout.",
)
def command(journey: str, window_ns: int | None, hub: str, env: str, json_path: Path | None) -> ExitCode:
    """Compare the regions that run JOURNEY: which one is slower or down, on which step, in which phase, since when.

    Asks a hub (PROBE_HUB_URL), with the read token in PROBE_HUB_TOKEN if it wants one. Ends with 0 when it could
    compare, whatever came of it, and with 3 when the hub could not be asked.
    """
    require_places(json_path, ())
    window = {"window": _seconds(window_ns)} if window_ns else {}
    comparison, text = _ask(hub, {"journey": journey} | window | ({"env": env} if env else {}))
    to_stdout = str(json_path) == "-"
    if json_path is not None and not to_stdout:
        write_text(json_path, text)
    stream = sys.stderr if to_stdout else sys.stdout
    say("\n".join(comparison_lines(comparison, view_for(stream, quiet=False, verbose=False))) + "\n", stream)
    if to_stdout:
        say(text, sys.stdout)
    return ExitCode.PASSED


def _ask(hub: str, parameters: dict[str, str]) -> tuple[Comparison, str]:
    """The comparison, and its JSON as the hub sent it."""
    answer = ask_hub(hub, PATH, parameters, os.environ.get("PROBE_HUB_TOKEN", ""))
    try:
        return msgspec.json.decode(answer, type=Comparison), answer.decode().rstrip() + "\n"
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ProbeError(f"no hub of this version is at {hub}: what it answers is no comparison ({error})") from None


def _seconds(nanoseconds: int) -> str:
    return f"{Decimal(nanoseconds).scaleb(-9).normalize():f}s"
