import json
import logging

import pytest

from probe.agent.config import Format, Level, Logging
from probe.agent.logs import start_logging


@pytest.fixture(autouse=True)
def _own_handlers() -> object:
    root = logging.getLogger("probe")
    kept = root.handlers[:], root.propagate, root.level
    yield
    root.handlers[:], root.propagate = kept[:2]
    root.setLevel(kept[2])


def test_a_line_says_when_how_bad_and_who(capsys: pytest.CaptureFixture[str]) -> None:
    start_logging(Logging())
    logging.getLogger("probe.agent").warning("slot %d missed", 5)
    logging.getLogger("probe.agent").debug("not of interest")
    (line,) = capsys.readouterr().err.splitlines()
    assert line.split(" ", 1)[1] == "warning probe.agent: slot 5 missed"
    assert line.split(" ")[0].endswith("Z")


def test_what_a_target_says_steers_no_terminal_and_begins_no_line(capsys: pytest.CaptureFixture[str]) -> None:
    start_logging(Logging())
    logging.getLogger("probe.agent").warning("it says %s", "\x1b[2Jno\r\n2026-01-01T00:00:00Z info all is well")
    first, second = capsys.readouterr().err.splitlines()
    assert first.endswith(r"it says \x1b[2Jno\x0d")
    assert second == "    2026-01-01T00:00:00Z info all is well"


def test_json_is_one_object_to_a_line_whatever_is_in_it(capsys: pytest.CaptureFixture[str]) -> None:
    start_logging(Logging(level=Level.DEBUG, format=Format.JSON))
    logging.getLogger("probe.delivery").debug('two\nlines and a "quote"')
    (line,) = capsys.readouterr().err.splitlines()
    told = json.loads(line)
    assert (told["level"], told["logger"], told["message"]) == ("debug", "probe.delivery", 'two\nlines and a "quote"')


def test_it_can_be_changed_while_the_agent_runs(capsys: pytest.CaptureFixture[str]) -> None:
    start_logging(Logging())
    start_logging(Logging(level=Level.ERROR))
    logging.getLogger("probe.agent").warning("quiet now")
    logging.getLogger("probe.agent").error("once")
    assert len(capsys.readouterr().err.splitlines()) == 1
