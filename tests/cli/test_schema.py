from pathlib import Path

from tests.cli.process import ROOT, run_probe

COMMITTED = Path(ROOT / "docs/journey.schema.json").read_text()


async def test_the_schema_is_the_committed_one() -> None:
    ended = await run_probe("schema")
    assert (ended.code, ended.out) == (0, COMMITTED)
