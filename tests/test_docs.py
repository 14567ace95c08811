"""What the README and the guide say is true: their journeys load, their commands run, their tables are complete."""

import re
from pathlib import Path

import pytest
from msgspec import Struct

from probe.cli.main import COMMANDS
from probe.errors import ExitCode
from probe.evaluate.filters import FILTERS
from probe.evaluate.functions import FUNCTIONS
from probe.evaluate.predicates import PREDICATES
from probe.evaluate.queries import QUERIES
from probe.model.network import Network
from probe.model.result import Cause
from probe.spec.keys import keys_of
from probe.spec.load import read_journey
from probe.spec.source import Source
from probe.steps import KINDS
from probe.steps.auth import Auth, OAuth2
from tests.cli.process import ROOT, run_probe

README = (ROOT / "README.md").read_text()
NETWORK = (ROOT / "docs" / "network.md").read_text()


@pytest.mark.parametrize("block", re.findall(r"```yaml\n(.*?)```", README, re.DOTALL))
def test_every_journey_in_the_readme_loads(block: str) -> None:
    assert read_journey(Source("README.md", block)).name


@pytest.mark.parametrize("block", re.findall(r"```yaml\n(.*?)```", (ROOT / "docs/safety.md").read_text(), re.DOTALL))
def test_every_journey_of_the_safety_page_loads(block: str) -> None:
    assert read_journey(Source("safety.md", block)).name


@pytest.mark.parametrize(
    "word", [*QUERIES, *FILTERS, *PREDICATES, *FUNCTIONS, *KINDS, *COMMANDS, *(str(code.value) for code in ExitCode)]
)
def test_the_readme_names_every_word_of_the_language(word: str) -> None:
    assert re.search(rf"(?<!\w){re.escape(word)}(?!\w)", README)


@pytest.mark.parametrize("cause", list(Cause))
def test_the_page_of_failures_knows_every_cause_and_whom_it_blames(cause: Cause) -> None:
    assert f"\n| `{cause}` | {cause.verdict} | " in (ROOT / "docs/failures.md").read_text()


@pytest.mark.parametrize("block", re.findall(r"```yaml\n(.*?)```", NETWORK, re.DOTALL))
def test_every_example_of_the_network_page_loads(block: str) -> None:
    needed = "secrets: {proxy_password: {env: PROXY_PASSWORD}}\n" if "secrets:" not in block else ""
    without_file = block.replace("  ca: certs/staging-ca.pem\n", "")
    assert read_journey(Source("docs/network.md", f"journey: example\n{needed}{without_file}")).steps


@pytest.mark.parametrize("struct", [Network, Auth, OAuth2])
def test_the_network_page_names_every_key(struct: type[Struct]) -> None:
    assert [key for key in keys_of(struct) if not re.search(rf"\b{key}\b", NETWORK)] == []


async def test_the_command_of_the_readme_runs_all_journeys() -> None:
    assert ".venv/bin/probe run --demo journeys/" in README
    assert (await run_probe("run", "--demo", "journeys/", "-q")).code == 0


async def test_the_mistake_in_the_readme_is_what_check_prints(tmp_path: Path) -> None:
    shown = README.split("$ probe check shop.yaml\n")[1].split("```")[0].strip().splitlines()
    file = tmp_path / "shop.yaml"
    file.write_text("# 1\n# 2\njourney: small\nsteps:\n  - name: rest\n    # 6\n    wait: 5\n")
    ended = await run_probe("check", file)
    assert ended.err.replace(str(file), "shop.yaml").splitlines()[: len(shown)] == shown


def test_the_make_targets_of_the_docs_exist() -> None:
    guide = README + (ROOT / "CONTRIBUTING.md").read_text()
    makefile = (ROOT / "Makefile").read_text()
    for target in re.findall(r"(?:^|`)make ([a-z]+)", guide, re.MULTILINE):
        assert f"\n{target}:" in makefile, target
