"""What the values of options turn into."""

from pathlib import Path

import click

from probe.model.duration import parse_duration


def parse_variables(context: click.Context, parameter: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    pairs = [value.partition("=") for value in values]
    for name, equals, _ in pairs:
        if not equals or not name:
            raise click.BadParameter(f"expected NAME=VALUE, got {name!r}")
    return {name: value for name, _, value in pairs}


def parse_files(context: click.Context, parameter: click.Parameter, values: tuple[str, ...]) -> tuple[Path, ...]:
    """An empty name, from a shell variable that is not set, must not become the present folder."""
    if "" in values:
        raise click.BadParameter("a name is empty; is a variable not set?")
    return tuple(map(Path, values))


def parse_time(context: click.Context, parameter: click.Parameter, value: str | None) -> int | None:
    if value is None:
        return None
    try:
        return parse_duration(value) or _refuse(value)
    except ValueError:
        return _refuse(value)


def _refuse(value: str) -> int:
    raise click.BadParameter(f"expected a duration such as 30s or 2m, got {value!r}")
