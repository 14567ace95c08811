from pathlib import Path

import pytest

from probe.demo.shop import Faults, Shop
from tests.cli.process import run_probe, write_journey

CARD = "4242424242424242"
BROWSE = '  - {name: look, http: {get: "${shop}/"}}\n'


async def test_a_good_build_passes_and_is_told_in_every_report(shop: Shop, tmp_path: Path) -> None:
    reports = {name: tmp_path / name for name in ("junit.xml", "runs.json", "summary.md", "github.md")}
    ended = await run_probe(
        *("smoke", "journeys", "--target", shop.url, "--junit", reports["junit.xml"], "--json", reports["runs.json"]),
        *("--markdown", reports["summary.md"]),
        TEST_CARD=CARD,
        GITHUB_STEP_SUMMARY=str(reports["github.md"]),
    )
    assert ended.code == 0
    assert ended.out.endswith(f"Release gate: passed · {shop.url}\n")
    assert reports["runs.json"].read_text().count('"trigger":"smoke"') == 5
    assert reports["junit.xml"].read_text().count("<testsuite ") == 5
    assert reports["github.md"].read_text() == reports["summary.md"].read_text()


async def test_a_bad_build_is_1(shop: Shop) -> None:
    shop.faults = Faults(status=500, path="/search")
    ended = await run_probe("smoke", "journeys/search.yaml", "--target", shop.url)
    assert ended.code == 1
    assert "Release gate: not passed" in ended.out


async def test_of_several_runs_only_the_first_writes(shop: Shop) -> None:
    ended = await run_probe("smoke", "journeys", "--target", shop.url, "--runs", "4", "-q", TEST_CARD=CARD)
    assert ended.code == 0
    assert ended.out.splitlines()[0] == "20 runs of 5 journeys: 20 passed"
    assert shop.state["orders"] == 1


async def test_a_secret_from_a_default_is_refused(shop: Shop) -> None:
    ended = await run_probe("smoke", "journeys/checkout.yaml", "--target", shop.url)
    assert ended.code == 2
    assert "the secret card needs the environment variable TEST_CARD" in ended.err
    assert shop.state["requests"] == 0


@pytest.mark.parametrize("arguments", [(), ("--target", "nonsense"), ("--target", "ftp://shop")])
async def test_a_target_that_is_none_is_2(arguments: tuple[str, ...]) -> None:
    assert (await run_probe("smoke", "journeys/browse.yaml", *arguments)).code == 2


async def test_a_journey_the_target_would_not_reach_is_2(shop: Shop, tmp_path: Path) -> None:
    journey = tmp_path / "fixed.yaml"
    journey.write_text("journey: fixed\nsteps:\n  - {name: look, http: {get: http://127.0.0.1:1/}}\n")
    ended = await run_probe("smoke", journey, "--target", shop.url)
    assert (ended.code, ended.err) == (2, f"probe: {journey} has no variable shop, so --target would not reach it\n")


async def test_nothing_matched_is_2(shop: Shop, tmp_path: Path) -> None:
    assert (await run_probe("smoke", tmp_path, "--target", shop.url)).code == 2
    assert (await run_probe("smoke", "journeys", "--tag", "nope", "--target", shop.url)).code == 2
    assert (await run_probe("smoke", "--target", shop.url)).code == 2


async def test_a_summary_that_cannot_be_written_is_3(shop: Shop) -> None:
    summary = "/proc/nope/summary.md"
    ended = await run_probe("smoke", "journeys/search.yaml", "--target", shop.url, GITHUB_STEP_SUMMARY=summary)
    assert ended.code == 3


async def test_one_failure_among_many_journeys_is_1(shop: Shop, tmp_path: Path) -> None:
    write_journey(tmp_path, BROWSE, name="good")
    write_journey(tmp_path, '  - {name: gone, http: {get: "${shop}/status/404"}}\n', name="bad")
    ended = await run_probe("smoke", tmp_path, "--target", shop.url, "-q")
    assert ended.code == 1
    assert "2 runs of 2 journeys: 1 passed, 1 failed" in ended.out


@pytest.mark.parametrize(
    "steps",
    [
        "  - {name: rest, wait: 1ms}\n",
        '  - {name: elsewhere, http: {get: "${other}/"}}\n',
        "  - {name: elsewhere, tcp: {connect: \"${other | replace('http://', '')}\"}}\n",
    ],
)
async def test_a_journey_that_never_reaches_the_target_is_3(shop: Shop, tmp_path: Path, steps: str) -> None:
    async with Shop() as other:
        journey = tmp_path / "stray.yaml"
        journey.write_text(f"journey: stray\nvariables: {{shop: x, other: {other.url}}}\nsteps:\n{steps}")
        ended = await run_probe("smoke", journey, "--target", shop.url)
    assert ended.code == 3
    assert ended.out.endswith(f"Release gate: not passed · {shop.url} · never reached by stray\n")


async def test_soft_checks_alone_do_not_make_a_broken_build_green(shop: Shop, tmp_path: Path) -> None:
    shop.faults = Faults(status=503)
    journey = write_journey(tmp_path, '  - {name: a, http: {get: "${shop}/"}, check: [{status: 200, soft: true}]}\n')
    assert (await run_probe("smoke", journey, "--target", shop.url)).code == 1


@pytest.mark.parametrize("target", ["http://u:pw@127.0.0.1", "http://127.0.0.1/?x=1", "http://127.0.0.1/#f"])
async def test_a_target_with_more_than_an_address_is_2_and_not_repeated(target: str) -> None:
    ended = await run_probe("smoke", "journeys/browse.yaml", "--target", target)
    assert ended.code == 2
    assert "pw" not in ended.out + ended.err


async def test_a_secret_from_a_folder_is_one(shop: Shop, tmp_path: Path) -> None:
    (tmp_path / "TEST_CARD").write_text(CARD)
    ended = await run_probe("smoke", "journeys/checkout.yaml", "--target", shop.url, "--secrets", tmp_path, "-q")
    assert (ended.code, shop.state["orders"]) == (0, 1)


async def test_a_gate_whose_writes_are_stopped_is_not_green(shop: Shop, tmp_path: Path) -> None:
    (tmp_path / "stop-writes").touch()
    ended = await run_probe(
        *("smoke", "journeys/checkout.yaml", "--target", shop.url, "--state", tmp_path, "-q"), TEST_CARD=CARD
    )
    assert (ended.code, shop.state["orders"]) == (3, 0)
    assert ended.out.endswith(f"Release gate: not passed · {shop.url} · never written to by checkout\n")
