from pathlib import Path

from msgspec import json

from tests.cli.answering import answering
from tests.cli.process import run_probe
from tests.compare.fleet import compare, steady

COMPARISON = compare(steady("eu-west-1", tls=300), steady("us-east-1", tls=100))
BODY = json.encode(COMPARISON)
HEADLINE = "✓ checkout works in both regions; no region has become slower."


async def test_the_comparison_of_the_latest_slots_is_shown_and_0() -> None:
    with answering(body=BODY) as hub:
        ended = await run_probe("compare", "checkout", "--hub", hub.url, PROBE_HUB_TOKEN="secret")
    assert (ended.code, ended.out.splitlines()[0], ended.err) == (0, HEADLINE, "")
    assert hub.asked == [("/api/v1/compare?journey=checkout", "Bearer secret")]


async def test_window_environment_and_hub_are_asked_for() -> None:
    with answering(body=BODY) as hub:
        await run_probe("compare", "checkout", "--window", "1m30s", "--env", "staging", PROBE_HUB_URL=hub.url)
    assert hub.asked == [("/api/v1/compare?journey=checkout&window=90s&env=staging", None)]


async def test_json_alone_takes_stdout() -> None:
    with answering(body=BODY) as hub:
        ended = await run_probe("compare", "checkout", "--hub", hub.url, "--json")
    assert (ended.code, ended.out, ended.err.splitlines()[0]) == (0, BODY.decode() + "\n", HEADLINE)


async def test_json_goes_to_a_file_that_is_named(tmp_path: Path) -> None:
    with answering(body=BODY) as hub:
        ended = await run_probe("compare", "checkout", "--hub", hub.url, "--json", tmp_path / "comparison.json")
    assert (ended.code, ended.out.splitlines()[0]) == (0, HEADLINE)
    assert (tmp_path / "comparison.json").read_text() == BODY.decode() + "\n"


async def test_what_is_no_comparison_is_3() -> None:
    with answering(body=b"<html>") as hub:
        ended = await run_probe("compare", "checkout", "--hub", hub.url)
    assert (ended.code, ended.out) == (3, "")
    assert ended.err.startswith(f"probe: no hub of this version is at {hub.url}: what it answers is no comparison (")


async def test_an_unknown_journey_is_2_and_says_which_was_meant() -> None:
    body = b'{"error": "no journey chekout", "hint": "did you mean checkout?"}'
    with answering(404, body) as hub:
        ended = await run_probe("compare", "chekout", "--hub", hub.url)
    assert (ended.code, ended.err) == (2, "probe: no journey chekout; did you mean checkout?\n")
