import uvloop

from probe.cli.loop import loop_factory


def test_runs_are_timed_on_uvloop_where_it_is_installed() -> None:
    factory = loop_factory()
    assert factory is not None
    loop = factory()
    assert isinstance(loop, uvloop.Loop)
    loop.close()
