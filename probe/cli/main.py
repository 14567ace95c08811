"""`probe`: the commands, and the one place where an error becomes an exit code."""

import os
import sys
from importlib import import_module
from typing import Any

import click

from probe import __version__
from probe.errors import ExitCode, ProbeError, SpecError

COMMANDS = {
    "run": "Run journeys now and show what happened.",
    "smoke": "Decide on a release: run journeys against a new build.",
    "agent": "Run journeys at their slots, around the clock, and deliver the results.",
    "hub": "Take in the results of all regions, compare them and show them.",
    "compare": "Ask a hub which region is slower or down, on which step, in which phase, since when.",
    "demo": "See all of it at work on this machine: a shop, agents in three regions, a hub.",
    "journal": "List what writes left behind: orders that are not taken back.",
    "reap": "Undo what killed runs left behind.",
    "check": "Validate journey files without running them.",
    "schema": "Print the JSON Schema of journey files, for editors.",
}
"""Each command is the module of its name; its help stands here so that `probe --help` imports none of them."""


class _Commands(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(f"probe.cli.{cmd_name}").command
        return command

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        if args and args[0] not in COMMANDS:
            from probe.evaluate.suggest import did_you_mean

            raise click.UsageError(f"there is no command {args[0]}; {did_you_mean(args[0], COMMANDS)}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="probe", message="%(prog)s %(version)s")
def cli() -> None:
    """Run scripted user journeys and time every step and phase of them.

    \b
    Exit codes: 0 passed · 1 failed (the target) · 2 usage or journey file · 3 errored (us)
                4 inconclusive · 5 side effects left open · 130 interrupted
    """


def main() -> None:
    """The program: never a traceback for something a person can put right."""
    _open_descriptors()
    try:
        code = _run()
        sys.stdout.flush()
        sys.stderr.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or the interpreter complains at its end
        code = ExitCode.ERRORED
    except Exception:  # noqa: BLE001 - a bug of ours must not look like a failing shop, which is what 1 says
        import traceback

        traceback.print_exc()
        code = ExitCode.ERRORED
    sys.exit(int(code))


def _run() -> int:
    try:
        return int(cli.main(standalone_mode=False) or 0)
    except SpecError as error:
        return _tell_mistakes(error)
    except ProbeError as error:
        click.echo(f"probe: {error}", err=True)
        return error.exit_code
    except click.ClickException as error:
        error.show()
        return ExitCode.USAGE
    except (click.Abort, KeyboardInterrupt):
        return ExitCode.INTERRUPTED


def _open_descriptors() -> None:
    """A job may be started without stdin, stdout or stderr; the next file opened must not become one of them."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
        if getattr(sys, name) is None:
            setattr(sys, name, open(number, "r" if number == 0 else "w", encoding="utf-8"))  # noqa: SIM115, PTH123


def _tell_mistakes(error: SpecError) -> ExitCode:
    from probe.export.text import mistake_lines

    for mistake in error.mistakes:
        click.echo("\n".join(mistake_lines(mistake)), err=True)
        click.echo(err=True)
    count = len(error.mistakes)
    click.echo(f"{count} mistake{'' if count == 1 else 's'}", err=True)
    return error.exit_code
