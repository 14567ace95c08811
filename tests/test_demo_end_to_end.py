"""The main job, as a person sees it: `probe demo` from start to end."""

import asyncio
import os
import re
import sys
from pathlib import Path

from tests.cli.process import ROOT
from tests.processes import started_below

TRUE = {("browse", "landing page"), ("search", "search page"), ("checkout", "browse"), ("checkout", "pay")}
"""Where a session of the journeys begins its connections."""


async def test_the_demo_says_which_region_is_slower_on_which_step_in_which_phase(tmp_path: Path) -> None:
    """Before the tests beside it, where it may: an agent leaves out what a busy machine slows."""
    code, told = await _demo(tmp_path, "--port", "0", "--for", "90s")
    found = {(journey, step) for journey, step, phase in _sentences_about("eu-west-1", told) if phase == "tls"}
    assert (code, bool(found), found <= TRUE) == (0, True, True), told
    assert (started_below(tmp_path), list(tmp_path.iterdir())) == ([], [])


async def _demo(folder: Path, *arguments: str) -> tuple[int | None, str]:
    process = await asyncio.create_subprocess_exec(
        *["nice", "-n", "-15", sys.executable, "-m", "probe", "demo", *arguments],
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(folder)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    out, _ = await process.communicate()
    return process.returncode, out.decode()


def _sentences_about(region: str, told: str) -> list[tuple[str, str, str]]:
    """Journey, step and phase of each sentence that was told live; the comparison comes after them."""
    lines = re.sub(r"\n {12}", " ", told)
    pattern = rf'^(\w+) +▲ {region} is [^\n]*?"([^"\n]+)"[^\n]*?(?:of it is|before that:) (\w+)'
    return re.findall(pattern, lines, re.MULTILINE)
