from tests.cli.process import run_probe


async def test_the_package_is_the_program() -> None:
    assert (await run_probe("--version")).out.startswith("probe ")
