import os
import select
import signal
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

from probe.cli.child import start_child
from probe.errors import ProbeError

SHOP = ["probe.demo", "--port", "0"]


def test_a_child_is_there_until_the_end_of_the_block() -> None:
    with start_child("the shop", SHOP) as child:
        assert child.ready()["url"].startswith("http://127.0.0.1:")
        child.require_alive()
    assert child.process.returncode == 0


def test_one_that_does_not_start_is_told_with_the_end_of_its_log(tmp_path: Path) -> None:
    with (
        pytest.raises(ProbeError, match=r"the shop has ended with 2\n(.*\n)*  probe\.demo: error: .*expected a port"),
        start_child("the shop", ["probe.demo", "--port", "many"], log=tmp_path / "log") as child,
    ):
        child.ready()


def test_one_that_dies_is_told() -> None:
    with start_child("the shop", SHOP) as child:
        child.ready()
        child.process.kill()
        child.process.wait()
        with pytest.raises(ProbeError, match="the shop has ended with -9"):
            child.require_alive()


def test_one_that_does_not_end_is_killed(tmp_path: Path) -> None:
    (tmp_path / "stubborn.py").write_text(
        "import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nprint('{}', flush=True)\ntime.sleep(600)"
    )
    environ = {**os.environ, "PYTHONPATH": str(tmp_path)}
    with start_child("one", ["stubborn"], environ=environ, patience_s=0.1) as child:
        child.ready()
    assert child.process.returncode == -signal.SIGKILL


def test_it_is_asked_to_end_only_once(tmp_path: Path) -> None:
    (tmp_path / "counting.py").write_text(
        "import signal, sys, time\n"
        "asked = []\n"
        "signal.signal(signal.SIGTERM, lambda *_: asked.append(1))\n"
        "print('{}', flush=True)\n"
        "while not asked: time.sleep(0.01)\n"
        "time.sleep(0.3)\n"
        "sys.exit(len(asked))\n"
    )
    environ = {**os.environ, "PYTHONPATH": str(tmp_path)}
    with start_child("one", ["counting"], environ=environ) as child:
        child.ready()
        child.end()
    assert child.process.returncode == 1


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child that its parent died")
def test_children_end_when_their_parent_is_killed(tmp_path: Path) -> None:
    (tmp_path / "sleeper.py").write_text("import time\nprint('{}', flush=True)\ntime.sleep(600)")
    parent = dedent("""
        import time
        from probe.cli.child import start_child
        with start_child("one", ["sleeper"]) as child:
            child.ready()
            print(child.process.pid, flush=True)
            time.sleep(600)
    """)
    environ = {**os.environ, "PYTHONPATH": f"{tmp_path}:{Path.cwd()}"}
    with subprocess.Popen([sys.executable, "-c", parent], stdout=subprocess.PIPE, text=True, env=environ) as process:
        assert process.stdout
        watched = os.pidfd_open(int(process.stdout.readline()))
        process.kill()
    ready = select.select([watched], [], [], 30)[0]
    os.close(watched)
    assert ready == [watched]
