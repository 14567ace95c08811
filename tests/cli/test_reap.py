import asyncio
import signal
from pathlib import Path

from probe.demo.shop import Faults, Shop
from tests.cli.process import run_probe, start_probe
from tests.paying import CARD, CHECKOUT


async def kill_while_it_pays(shop: Shop, folder: Path) -> dict[str, str]:
    """A run that is killed when the shop has its order and it has no answer; gives its environment."""
    shop.faults = Faults(header_delay=60, path="/pay")
    (folder / "checkout.yaml").write_text(CHECKOUT)
    environ = {"SHOP_URL": shop.url, "TEST_CARD": CARD, "PROBE_STATE": str(folder / "state")}
    process = await start_probe("run", folder / "checkout.yaml", **environ)
    async with asyncio.timeout(30):
        while not shop.state["orders"]:
            await asyncio.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    await process.communicate()
    shop.faults = Faults()
    return environ


async def test_a_killed_run_is_listed_and_reaped(shop: Shop, tmp_path: Path) -> None:
    environ = await kill_while_it_pays(shop, tmp_path)
    listed = await run_probe("journal", **environ)
    tried = await run_probe("reap", "--dry-run", **environ)
    young = await run_probe("reap", "--older-than", "1h", **environ)
    before = shop.state["cancelled"]
    reaped = await run_probe("reap", **environ)
    again = await run_probe("reap", **environ)
    assert [ended.code for ended in (listed, tried, young, reaped, again)] == [5, 5, 5, 0, 0]
    assert (tried.out, young.out, again.out) == (listed.out, "Nothing is old enough.\n", "Nothing is left behind.\n")
    assert reaped.out.startswith("pay of checkout, 19.90 EUR: undone\n")
    assert (before, shop.state["orders"], shop.state["cancelled"], CARD in listed.out) == (0, 1, 1, False)


async def test_a_journey_that_moved_is_named(shop: Shop, tmp_path: Path) -> None:
    environ = await kill_while_it_pays(shop, tmp_path)
    moved = (tmp_path / "checkout.yaml").rename(tmp_path / "moved.yaml")
    lost = await run_probe("reap", **environ)
    found = await run_probe("reap", moved, **environ)
    assert (lost.code, "is not to be had" in lost.out, found.code) == (5, True, 0)
    assert shop.state["cancelled"] == 1


async def test_the_undo_of_another_journey_is_not_sent(shop: Shop, tmp_path: Path) -> None:
    environ = await kill_while_it_pays(shop, tmp_path)
    other = CHECKOUT.replace("journey: checkout", "journey: another")
    (tmp_path / "checkout.yaml").write_text(other)
    ended = await run_probe("reap", **environ)
    assert (ended.code, "holds another now; name its file" in ended.out, shop.state["cancelled"]) == (5, True, 0)


async def test_secrets_of_a_folder_are_had_again(shop: Shop, tmp_path: Path) -> None:
    environ = await kill_while_it_pays(shop, tmp_path)
    del environ["TEST_CARD"]
    (tmp_path / "TEST_CARD").write_text(CARD)
    without = await run_probe("reap", **environ)
    ended = await run_probe("reap", "--secrets", tmp_path, **environ)
    assert (without.code, ended.code, shop.state["cancelled"]) == (5, 0, 1)
