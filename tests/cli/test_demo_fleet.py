import json
import socket
import time
from pathlib import Path
from urllib.request import urlopen

from probe.agent.load import load_agent
from probe.cli.demo_fleet import JOURNEYS, REGIONS, start_fleet
from probe.demo.distance import parse_distance


def test_the_fleet_is_a_shop_a_hub_and_an_agent_in_each_region_until_the_end_of_the_block(tmp_path: Path) -> None:
    with start_fleet(tmp_path, 0) as fleet:
        while _heard(fleet.url) < set(REGIONS):
            fleet.require_alive()
            time.sleep(0.1)
        assert [child.name for child in fleet.children] == [
            "the shop",
            "the hub",
            *(f"the agent in {region}" for region in REGIONS),
        ]
        loaded = [load_agent(tmp_path / f"{region}.yaml") for region in REGIONS]
    assert [child.process.poll() for child in fleet.children] == [0] * 5
    assert [config.config.region for config in loaded] == list(REGIONS)
    assert all({planned.journey.name for planned in config.planned} == set(JOURNEYS) for config in loaded)


def _heard(url: str) -> set[str]:
    """The regions whose agents the hub has heard of."""
    with urlopen(f"{url}/api/v1/agents") as answer:
        return {agent["region"] for agent in json.load(answer)["agents"]}


def test_the_hub_takes_the_port_that_was_asked_for(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as found:
        port = found.getsockname()[1]
    with start_fleet(tmp_path, port) as fleet:
        assert fleet.url == f"http://127.0.0.1:{port}"


def test_distances_are_written_as_the_shop_reads_them() -> None:
    read = [parse_distance(f"{region}={distance}") for region, distance in REGIONS.items()]
    assert [(each.region, each.delay * 1000, each.tls * 1000) for each in read] == [
        (region, distance.ms, distance.tls_ms) for region, distance in REGIONS.items()
    ]
