"""What is deployed is true of the program: its configurations load, and the one that explains leaves nothing out."""

import re
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest
import yaml
from msgspec import Struct

from probe.agent.config import AgentConfig, Logging, Override, SpoolBounds
from probe.agent.load import load_agent
from probe.export.base import Token
from probe.export.exporters import EXPORTERS
from probe.model.journey import Schedule
from tests.cli.process import ROOT

COMPOSE = yaml.safe_load((ROOT / "deploy" / "compose.yaml").read_text())
REGIONS = sorted((ROOT / "deploy" / "regions").glob("*.yaml"))
EXAMPLE = ROOT / "deploy" / "regions" / "example.yaml"
STRUCTS = [AgentConfig, Override, Logging, SpoolBounds, Schedule, Token, *(each.Config for each in EXPORTERS.values())]


@pytest.mark.parametrize("path", REGIONS, ids=lambda path: path.stem)
def test_every_regions_configuration_loads(path: Path) -> None:
    loaded = load_agent(path)
    assert loaded.config.region == ("eu-west-1" if path == EXAMPLE else path.stem)


def test_all_regions_list_the_same_regions_in_the_same_order() -> None:
    configs = [load_agent(path).config for path in REGIONS if path != EXAMPLE]
    assert {config.regions for config in configs} == {("us-east-1", "eu-west-1", "ap-southeast-1")}
    assert {config.region for config in configs} == set(configs[0].regions)


@pytest.mark.parametrize("struct", STRUCTS, ids=lambda struct: f"{struct.__module__}.{struct.__name__}")
def test_the_example_has_every_key(struct: type[Struct]) -> None:
    keys = set(re.findall(r"(\w+):(?= |$)", EXAMPLE.read_text(), re.MULTILINE))
    assert set(struct.__struct_fields__) - {"place"} <= keys


@pytest.mark.parametrize("exporter", EXPORTERS)
def test_the_example_has_every_exporter(exporter: str) -> None:
    assert f"  - {exporter}: " in EXAMPLE.read_text()


@pytest.mark.parametrize("name", COMPOSE["services"])
def test_every_service_may_do_as_little_as_possible(name: str) -> None:
    service = COMPOSE["services"][name]
    hardened = {"read_only": True, "cap_drop": ["ALL"], "security_opt": ["no-new-privileges"], "tmpfs": ["/tmp"]}
    assert {key: service.get(key) for key in hardened} == hardened
    assert any(volume.endswith(":/var/lib/probe") for volume in service["volumes"])
    assert service["healthcheck"]["test"][0] == "CMD"


@pytest.mark.parametrize("region", load_agent(REGIONS[0]).config.regions)
def test_every_agent_finds_its_file_its_journeys_and_its_token(region: str) -> None:
    service, loaded = COMPOSE["services"][region], load_agent(ROOT / "deploy" / "regions" / f"{region}.yaml")
    mounted = {inside: ROOT / "deploy" / outside for outside, inside, *_ in map(_parts, service["volumes"])}
    command, file = service["command"]
    assert (command, mounted[str(Path(file).parent)] / Path(file).name) == ("agent", loaded.folder / f"{region}.yaml")
    assert mounted["/etc/probe/journeys"].resolve() == (ROOT / "journeys").resolve()
    assert loaded.config.export[0].config.token.file == f"/run/secrets/{service['secrets'][0]}"
    assert loaded.config.state == "/var/lib/probe"


def test_the_wheel_brings_the_journeys_of_the_demo(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(tmp_path)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    packed = {name for name in ZipFile(wheel).namelist() if name.startswith("probe/demo/journeys/")}
    assert packed == {f"probe/demo/journeys/{path.name}" for path in (ROOT / "journeys").iterdir()}


def _parts(volume: str) -> list[str]:
    return volume.split(":")
