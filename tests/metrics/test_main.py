import asyncio
import sys

from tests.cli.process import ROOT


async def test_the_module_prints_the_document() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "probe.metrics", cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    printed, _ = await process.communicate()
    assert printed.decode() == (ROOT / "docs/metrics.md").read_text(), "make docs writes it anew"
