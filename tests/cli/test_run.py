import asyncio
import base64
import json
import signal
import sys
from pathlib import Path

import pytest

from probe.demo.shop import Faults, Shop
from probe.model.codec import decode_run
from probe.model.result import Verdict
from tests.cli.process import ROOT, run_probe, start_probe, write_journey

BROWSE = '  - {name: look, http: {get: "${shop}/"}}\n'


async def test_a_passing_journey_is_0_and_shows_its_steps(shop: Shop) -> None:
    ended = await run_probe("run", "journeys/checkout.yaml", "--var", f"shop={shop.url}")
    assert ended.code == 0
    assert ended.out.startswith("✓ passed  checkout")
    assert [line.split("  ")[1] for line in ended.out.splitlines() if line.startswith("  ✓")] == [
        "✓ browse",
        "✓ add to cart",
        "✓ pay",
        "✓ confirmed",
        "✓ undo pay",
        "✓ always: log out",
    ]
    assert shop.state["orders"] == shop.state["cancelled"] == 1


async def test_the_demo_shop_is_started_and_stopped() -> None:
    ended = await run_probe("run", "--demo", "journeys/browse.yaml")
    assert (ended.code, ended.out.splitlines()[0].split("  ")[:2]) == (0, ["✓ passed", "browse"])


async def test_a_failing_journey_is_1_and_points_at_the_line(shop: Shop) -> None:
    shop.faults = Faults(status=503, path="/cart")
    ended = await run_probe("run", "journeys/checkout.yaml", "--var", f"shop={shop.url}")
    assert ended.code == 1
    assert "checkout › add to cart: failed (status)" in ended.out
    assert "--> journeys/checkout.yaml:" in ended.out


async def test_a_declined_card_in_a_200_is_a_failed_check(shop: Shop) -> None:
    shop.faults = Faults(declined=True)
    ended = await run_probe("run", "journeys/checkout.yaml", "--var", f"shop={shop.url}")
    assert 'expected  equals "paid"' in ended.out
    assert 'actual    "declined"' in ended.out


async def test_an_order_that_cannot_be_cancelled_is_5(shop: Shop) -> None:
    shop.faults = Faults(status=500, path="/orders/")
    journey = Path("journeys/checkout.yaml")
    ended = await run_probe("run", journey, "--var", f"shop={shop.url}", "--timeout", "4s")
    assert ended.code == 5
    assert "a side effect is left" in ended.out


async def test_a_journey_that_cannot_start_is_3(tmp_path: Path) -> None:
    journey = write_journey(tmp_path, BROWSE, head="secrets: {key: {env: NOT_SET_ANYWHERE}}\n")
    ended = await run_probe("run", journey)
    assert ended.code == 3
    assert "the environment variable NOT_SET_ANYWHERE is not set" in ended.out


async def test_json_on_stdout_is_alone_there(shop: Shop) -> None:
    ended = await run_probe("run", "journeys", "--var", f"shop={shop.url}", "--json", "-")
    runs = [decode_run(line.encode()) for line in ended.out.splitlines()]
    assert [(run.journey, run.verdict, run.schema) for run in runs] == [
        ("browse", Verdict.PASSED, 1),
        ("checkout", Verdict.PASSED, 1),
        ("reachability", Verdict.PASSED, 1),
        ("search", Verdict.PASSED, 1),
        ("upload", Verdict.PASSED, 1),
    ]
    assert "5 runs of 5 journeys: 5 passed" in ended.err


async def test_the_card_number_is_nowhere(shop: Shop, tmp_path: Path) -> None:
    card = "5555444433332222"
    junit = tmp_path / "junit.xml"
    ended = await run_probe(
        "run",
        "journeys/checkout.yaml",
        "--var",
        f"shop={shop.url}",
        "-v",
        "--json",
        "-",
        "--junit",
        junit,
        TEST_CARD=card,
    )
    assert ended.code == 0
    assert card not in ended.out + ended.err + junit.read_text()


async def test_repeat_runs_again(shop: Shop) -> None:
    ended = await run_probe("run", "journeys/search.yaml", "--var", f"shop={shop.url}", "--repeat", "3", "-q")
    assert (ended.code, ended.out, ended.err) == (0, "3 runs of 1 journey: 3 passed\n", "")


async def test_fail_fast_starts_nothing_after_a_failure(tmp_path: Path) -> None:
    journey = write_journey(tmp_path, BROWSE)
    ended = await run_probe("run", journey, "--repeat", "5", "--fail-fast", "-q")
    assert ended.code == 1
    assert ended.out.endswith("1 run of 1 journey: 1 failed\n")


async def test_tags_choose_and_none_chosen_is_2(shop: Shop) -> None:
    variable = f"shop={shop.url}"
    chosen = await run_probe("run", "journeys", "--tag", "read-only", "--var", variable, "-q")
    assert (chosen.code, chosen.out) == (0, "4 runs of 4 journeys: 4 passed\n")
    none = await run_probe("run", "journeys", "--tag", "nope")
    assert (none.code, none.err) == (2, "probe: no journey has the tag nope; known tags: network, read-only, writes\n")


async def test_an_unknown_variable_and_a_secret_on_the_command_line_are_2() -> None:
    unknown = await run_probe("run", "journeys/checkout.yaml", "--var", "shp=x")
    assert (unknown.code, unknown.err) == (2, "probe: no journey has a variable shp; did you mean shop?\n")
    secret = await run_probe("run", "journeys/checkout.yaml", "--var", "card=4242424242424242")
    assert secret.code == 2
    assert "set TEST_CARD instead" in secret.err
    assert "4242424242424242" not in secret.err


async def test_a_report_that_cannot_be_written_is_3(shop: Shop) -> None:
    ended = await run_probe("run", "journeys/search.yaml", "--var", f"shop={shop.url}", "--junit", "/proc/nope/j.xml")
    assert ended.code == 3
    assert "the report /proc/nope/j.xml could not be written" in ended.err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
async def test_the_first_interrupt_cleans_up_and_is_130(shop: Shop, tmp_path: Path, number: signal.Signals) -> None:
    steps = f"{BROWSE}  - {{name: sleep, wait: 60s}}\nalways:\n  - {{name: tidy, wait: 1ms}}\n"
    journey = write_journey(tmp_path, steps)
    process = await start_probe("run", journey, "--var", f"shop={shop.url}", "--json", "-")
    assert process.stderr is not None
    assert b"look passed" in await process.stderr.readline()
    process.send_signal(number)
    out, err = await process.communicate()
    run = json.loads(out)
    assert process.returncode == 130
    assert b"cleaning up for at most 60.0 s" in err
    assert [(step["name"], step["verdict"]) for step in run["steps"]] == [
        ("look", "passed"),
        ("sleep", "errored"),
        ("tidy", "passed"),
    ]


async def test_the_second_interrupt_ends_at_once(shop: Shop, tmp_path: Path) -> None:
    steps = f"{BROWSE}  - {{name: sleep, wait: 60s}}\nalways:\n  - {{name: tidy, wait: 60s}}\n"
    process = await start_probe("run", write_journey(tmp_path, steps), "--var", f"shop={shop.url}")
    assert process.stderr is not None
    await process.stderr.readline()
    process.send_signal(signal.SIGINT)
    assert b"interrupted" in await process.stderr.readline()
    process.send_signal(signal.SIGINT)
    async with asyncio.timeout(10):
        assert await process.wait() == 130
    await process.communicate()


@pytest.mark.parametrize("path", ["x", "yy", "zzz"])
async def test_no_part_of_a_secret_is_shown_where_texts_are_cut(shop: Shop, tmp_path: Path, path: str) -> None:
    card = "CANARYcanary0123456789"
    steps = "".join(
        f'  - {{name: s{pad}, http: {{post: "${{shop}}/echo", body: "{path * pad}${{card}}"}}, '
        f"check: [{{jsonpath: $.body, equals: no}}]}}\n"
        for pad in (100, 640, 990, 1970)
    )
    journey = write_journey(tmp_path, steps, head="secrets: {card: {env: TEST_CARD}}\n")
    junit = tmp_path / "junit.xml"
    ended = await run_probe(
        "run", journey, "--var", f"shop={shop.url}", "-v", "--json", "-", "--junit", junit, TEST_CARD=card
    )
    assert "CANARY" not in (ended.out + ended.err + junit.read_text()).replace("CANARYx", "")


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:notaport${card}/",
        "http://u:${card}@127.0.0.1:1/",
        "http://${card}.example.com/",
        "${shop}/echo?q=${card | upper}",
        "${shop}/echo?q=${card | lower | base64}",
    ],
)
async def test_no_part_of_a_secret_is_in_a_message_about_a_url(shop: Shop, tmp_path: Path, url: str) -> None:
    head = "secrets: {card: {env: TEST_CARD, hosts: [127.0.0.1]}}\n"
    journey = write_journey(tmp_path, f"  - {{name: a, http: {{get: '{url}'}}, check: [{{status: 299}}]}}\n", head=head)
    card = 'cANARY7/9+x"<Zq'
    ended = await run_probe("run", journey, "--var", f"shop={shop.url}", "-v", "--json", "-", TEST_CARD=card)
    assert "canary" not in (ended.out + ended.err).lower()
    assert base64.b64encode(card.lower().encode()).decode() not in ended.out + ended.err


async def test_a_reader_who_goes_away_changes_neither_verdict_nor_reports(shop: Shop, tmp_path: Path) -> None:
    junit = tmp_path / "junit.xml"
    command = f"{sys.executable} -m probe run journeys --var shop={shop.url} -v --junit {junit}"
    assert await shell(f"{command} | true; exit ${{PIPESTATUS[0]}}") == (0, b"")
    assert junit.read_text().count("<testsuite ") == 5


async def test_without_a_stdout_the_verdict_stays(shop: Shop) -> None:
    command = f"{sys.executable} -m probe run journeys/search.yaml --var shop={shop.url}"
    assert (await shell(f"{command} -q >&-"))[0] == 0
    assert (await shell(f"{command} -q --json - >&- 2>&- <&-"))[0] == 0


async def test_a_full_stdout_is_3_and_no_traceback(shop: Shop) -> None:
    command = f"{sys.executable} -m probe run journeys/search.yaml --var shop={shop.url} -q"
    told = b"probe: the report could not be printed: No space left on device\n"
    assert await shell(f"{command} >/dev/full") == (3, told)


@pytest.mark.parametrize("arguments", [("",), ("journeys", "--junit", "-"), ("journeys", "--junit", "/tmp")])
async def test_an_argument_that_cannot_be_meant_is_2(arguments: tuple[str, ...]) -> None:
    assert (await run_probe("run", *arguments)).code == 2


async def shell(command: str) -> tuple[int, bytes]:
    """The exit code and stderr of a line of bash."""
    process = await asyncio.create_subprocess_exec("bash", "-c", command, cwd=ROOT, stderr=asyncio.subprocess.PIPE)
    _, err = await process.communicate()
    lines = [line for line in err.splitlines(keepends=True) if b" passed in " not in line]
    assert process.returncode is not None
    return process.returncode, b"".join(lines)


PAID = """\
journey: pay
variables: {shop: "http://127.0.0.1:1"}
HEADsteps:
  - {name: pay, effect: write, http: {post: "${shop}/echo"}}
"""


async def test_writes_are_allowed_to_a_journey_with_a_budget_only(tmp_path: Path) -> None:
    path = tmp_path / "pay.yaml"
    path.write_text(PAID.replace("HEAD", "secrets: {card: {env: CARD}}\n"))
    ended = await run_probe("run", path, "--allow-writes", CARD="4242424242424242")
    told = [line for line in ended.err.splitlines() if line.startswith(str(path))]
    assert (ended.code, told) == (
        2,
        [
            f"{path}:1:10: the journey pay writes and has no budget",
            f"{path}:1:10: the secret card of pay may be sent to any host",
        ],
    )


async def test_a_run_over_its_budget_writes_nothing(shop: Shop, tmp_path: Path) -> None:
    path = tmp_path / "pay.yaml"
    path.write_text(PAID.replace("HEAD", "budget: {writes_per_hour: 1}\n"))
    first, second = [await run_probe("run", path, "--allow-writes", "--var", f"shop={shop.url}") for _ in range(2)]
    assert ("1 of 1 writes an hour are used" in first.out, "1 of 1 writes an hour are used" in second.out) == (
        False,
        True,
    )
    assert shop.state["requests"] == 1
