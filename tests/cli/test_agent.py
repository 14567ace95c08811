import re
from pathlib import Path

import pytest

from probe.agent.load import load_agent
from tests.cli.process import ROOT, run_probe

JOURNEY = "journey: {name}\nschedule: {{every: 1m}}\nsteps: [{{name: look, wait: 1ms}}]\n"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    for name in ("browse", "pay"):
        (tmp_path / f"{name}.yaml").write_text(JOURNEY.format(name=name))
    path = tmp_path / "agent.yaml"
    path.write_text(
        "region: here\nagent: me\njourneys: [browse.yaml, pay.yaml]\nregions: [here, there]\n"
        "overrides: {pay: {placement: rotate}}\n"
    )
    return path


async def test_check_says_what_the_agent_would_do(config: Path) -> None:
    ended = await run_probe("agent", "--check", config)
    assert (ended.code, ended.err) == (0, "")
    first, browse, pay, exporters, state = ended.out.splitlines()
    assert first == f"{config}: ok (region here, production, agent me)"
    assert browse.startswith("  browse: every 60.0 s, ")
    assert browse.endswith(" into it (interleave)")
    assert pay.endswith(" into it (rotate, writes in every 2nd slot)")
    assert exporters == "  exporters: none; results stay at /metrics"
    assert re.fullmatch(r"  ✓ state .+: can be written to", state)


async def test_check_says_what_is_wrong_and_where(config: Path) -> None:
    config.write_text(config.read_text() + "concurency: 5\n")
    ended = await run_probe("agent", "--check", config)
    assert (ended.code, ended.out) == (2, "")
    assert "agent.yaml:6:1: unknown key concurency" in ended.err
    assert "did you mean concurrency?" in ended.err


async def test_check_says_what_is_missing_on_this_machine_and_does_not_fail(config: Path, tmp_path: Path) -> None:
    (tmp_path / "pay.yaml").write_text(JOURNEY.format(name="pay") + "secrets: {card: {env: NOT_THERE}}\n")
    ended = await run_probe("agent", "--check", config)
    assert (ended.code, "not ready on this machine" in ended.err, "NOT_THERE" in ended.err) == (0, True, True)


async def test_a_file_that_is_not_there_is_a_mistake(tmp_path: Path) -> None:
    ended = await run_probe("agent", tmp_path / "none.yaml")
    assert (ended.code, "there is no such file" in ended.err) == (2, True)


@pytest.mark.parametrize("path", sorted((ROOT / "deploy" / "regions").glob("*.yaml")), ids=lambda path: path.stem)
def test_the_regions_files_are_right(path: Path) -> None:
    assert load_agent(path).planned


async def test_check_tries_the_hub_and_does_not_fail_when_it_is_not_there(config: Path) -> None:
    config.write_text(config.read_text() + 'export: [{hub: {url: "http://127.0.0.1:1"}}]\n')
    ended = await run_probe("agent", "--check", config)
    assert (ended.code, ended.err.startswith("  ✗ hub http://127.0.0.1:1: connection refused by ")) == (0, True)
