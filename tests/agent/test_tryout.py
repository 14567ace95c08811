import os
from pathlib import Path

import pytest

from probe.agent.load import Loaded, load_agent
from probe.agent.tryout import Trial, try_out
from probe.durable.folder import hold_folder
from probe.hub.app import Hub
from probe.hub.facts import Scope
from probe.hub.tokens import digest_of
from tests.hub.records import NOW

JOURNEY = "journey: browse\nschedule: {every: 1m}\nsteps: [{name: look, wait: 1ms}]\n"


def agent(folder: Path, export: str) -> Loaded:
    (folder / "browse.yaml").write_text(JOURNEY)
    path = folder / "agent.yaml"
    path.write_text(f"region: here\nagent: me\njourneys: [browse.yaml]\nstate: state\nexport: [{export}]\n")
    return load_agent(path)


@pytest.mark.parametrize(
    ("token", "works", "words"),
    [
        ("good", True, "takes records as me in here, as the token says"),
        ("bad", False, "this token is not known here (make one on the hub: probe hub token add"),
        ("", False, "HUB_TOKEN"),
    ],
)
async def test_the_hub_is_asked_with_the_token_and_nothing_is_left_behind(
    tmp_path: Path, token: str, works: bool, words: str
) -> None:
    async with Hub(tmp_path / "hub") as hub:
        hub.store.add_token(Scope.INGEST, "here", "me", digest_of("good"), now_ns=NOW)
        loaded = agent(tmp_path, f'{{hub: {{url: "{hub.url}", token: {{env: HUB_TOKEN}}}}}}')
        state, exporter = await try_out(loaded, {"HUB_TOKEN": token} if token else {})
        heard = hub.store.agents()
    assert (exporter.works, words in exporter.words) == (works, True), exporter.words
    assert (state, (tmp_path / "state").exists(), heard) == (
        Trial(f"state {tmp_path / 'state'}", works=True, words="can be written to"),
        False,
        [],
    )


async def test_a_hub_that_is_not_there_and_a_file_that_is(tmp_path: Path) -> None:
    loaded = agent(tmp_path, '{hub: {url: "http://127.0.0.1:1"}}, {jsonl: {path: runs.jsonl}}')
    _, hub, file = await try_out(loaded, {})
    assert (hub.works, "refused" in hub.words, file.works) == (False, True, True)


async def test_a_state_that_an_agent_runs_on_is_left_alone(tmp_path: Path) -> None:
    loaded = agent(tmp_path, "{jsonl: {path: runs.jsonl}}")
    held = hold_folder(tmp_path / "state", "an agent", "")
    (state, _) = await try_out(loaded, {})
    os.close(held)
    assert (state.works, state.words) == (True, "an agent runs on it")
