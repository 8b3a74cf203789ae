"""The command line: ``annlab ...``."""

import typer

app = typer.Typer(no_args_is_help=True)


@app.callback()
def _root() -> None:
    """annlab: a laboratory for neural networks."""


def main() -> None:
    """Run the command line."""
    app()
