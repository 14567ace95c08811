import click
import pytest

from probe.cli.parsing import parse_time, parse_variables

CONTEXT = click.Context(click.Command("test"))
OPTION = click.Option(["--test"])


def test_variables_are_names_and_values() -> None:
    assert parse_variables(CONTEXT, OPTION, ("a=1", "b=x=y", "c=")) == {"a": "1", "b": "x=y", "c": ""}


@pytest.mark.parametrize("text", ["a", "=1", ""])
def test_what_is_no_variable_is_refused(text: str) -> None:
    with pytest.raises(click.BadParameter, match="expected NAME=VALUE"):
        parse_variables(CONTEXT, OPTION, (text,))


def test_a_time_is_nanoseconds() -> None:
    assert (parse_time(CONTEXT, OPTION, "1m30s"), parse_time(CONTEXT, OPTION, None)) == (90_000_000_000, None)


@pytest.mark.parametrize("text", ["30", "0s", "soon", ""])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(click.BadParameter, match="expected a duration"):
        parse_time(CONTEXT, OPTION, text)
