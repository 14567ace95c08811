"""The image: what it installs, and that it runs as it will in a cluster."""

import os
import re
import signal
import subprocess
import tomllib
from pathlib import Path
from typing import IO

from probe import __version__
from tests.cli.process import ROOT, write_journey
from tests.image import Image, built_image

AGENT = """
region: nowhere
agent: one
journeys: [/var/lib/probe/rest.yaml]
listen: 127.0.0.1:0
"""
REST = "  - name: rest\n    wait: 10ms\n"


def test_the_image_installs_what_was_tested() -> None:
    tested = _pins("requirements.lock")
    assert _pins("deploy/image.lock") | _pins("deploy/image-build.lock") <= tested


def test_the_image_installs_all_that_agent_and_hub_need() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    needed = [*project["dependencies"], *project["optional-dependencies"]["hub"]]
    installed = {pin.partition("==")[0] for pin in _pins("deploy/image.lock")}
    assert {re.split(r"[^\w.-]", each)[0].replace(".", "-") for each in needed} <= installed


def test_the_image_works_as_nobody_on_a_read_only_root_and_ends_on_sigterm(tmp_path: Path) -> None:
    with built_image() as image:
        assert {name: image.settings[name] for name in ("User", "Entrypoint", "Volumes")} == {
            "User": "10001:10001",
            "Entrypoint": ["probe"],
            "Volumes": {"/var/lib/probe": {}},
        }
        assert image.start(tmp_path, "--version").communicate() == (f"probe {__version__}\n", "")
        assert _agent(image, tmp_path) == (0, True)
        assert _hub(image, tmp_path) == (0, True)


def _agent(image: Image, state: Path) -> tuple[int, bool]:
    """Its exit code, and whether it has kept what it did."""
    write_journey(state, REST, name="rest", head="schedule: {every: 1s}\n")
    (state / "agent.yaml").write_text(AGENT)
    process = image.start(state, "agent", "/var/lib/probe/agent.yaml")
    return _end(process, process.stderr, "agent one of nowhere at http://127.0.0.1:"), (state / "runs.db").exists()


def _hub(image: Image, state: Path) -> tuple[int, bool]:
    process = image.start(state, "hub", "--listen", "127.0.0.1:0")
    return _end(process, process.stdout, "The hub is at http://127.0.0.1:"), any(state.glob("*.db"))


def _end(outer: "subprocess.Popen[str]", said: IO[str] | None, ready: str) -> int:
    """The exit code after a SIGTERM, sent once it has said that it is ready. Its PID is 1 inside, another one here."""
    assert said
    first = said.readline()
    if ready in first:
        os.kill(int(Path(f"/proc/{outer.pid}/task/{outer.pid}/children").read_text()), signal.SIGTERM)
    out, err = outer.communicate()
    assert ready in first, first + out + err
    return outer.returncode


def _pins(lock: str) -> set[str]:
    return set(re.findall(r"^[\w.-]+==[^ ]+", (ROOT / lock).read_text(), re.MULTILINE))
