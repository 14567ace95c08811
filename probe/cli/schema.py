import click

from probe.errors import ExitCode


@click.command("schema")
def command() -> ExitCode:
    """Print the JSON Schema of journey files, for editors."""
    from probe.spec.schema import schema_text

    click.echo(schema_text(), nl=False)
    return ExitCode.PASSED
