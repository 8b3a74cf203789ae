"""The command line: ``annlab ...``. Commands and their options stand here; what they do is imported when they run."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from typer.core import TyperGroup

from annlab.errors import UsageError

__all__ = ["app", "main"]


class _Commands(TyperGroup):
    """Commands whose errors of use are one line on standard error: exit code 2, or 1 where the machine is at fault."""

    def main(self, args: Sequence[str] | None = None, prog_name: str | None = None, **options: Any) -> Any:  # type: ignore[override]
        """Parse, run, and leave with an exit code."""
        if not options.pop("standalone_mode", True):
            return super().main(args, prog_name, standalone_mode=False, **options)
        try:
            code = super().main(args, prog_name, standalone_mode=False, **options)
        except UsageError as error:
            code = _say(error, 2)
        except BrokenPipeError:  # the reader of a pipe has seen enough
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            code = 1
        except OSError as error:
            code = _say(f"{error.filename}: {error.strerror}" if error.filename and error.strerror else error, 1)
        except Exception as error:
            if not hasattr(error, "format_message"):  # the parser's own errors have one; anything else is a defect, shown whole
                raise
            if type(error).__name__ == "NoArgsIsHelpError":
                error.show()  # type: ignore[attr-defined]
                code = 2
            else:
                code = _say(error.format_message(), getattr(error, "exit_code", 2))
        sys.exit(code if isinstance(code, int) else 0)


def _say(message: object, code: int) -> int:
    print(f"annlab: {' '.join(str(message).split())}", file=sys.stderr)  # noqa: T201  (one line, whatever the message holds)
    return code


def _example(command: str) -> str:
    return f"Example: {command}"


def _version(wanted: bool) -> None:
    if wanted:
        from annlab import __version__

        typer.echo(f"annlab {__version__}")
        raise typer.Exit


def _study_names(incomplete: str) -> list[str]:
    from annlab.lab.discover import catalogue

    return [card.name for card in catalogue() if card.name.startswith(incomplete)]


def _data_names(incomplete: str) -> list[str]:
    from annlab.data import names

    return [name for name in names() if name.startswith(incomplete)]


app = typer.Typer(
    cls=_Commands,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=_example("annlab run --profile quick"),
)
data_app = typer.Typer(
    no_args_is_help=True, help="The data sets: what there is, where it lies, whether it is sound.", epilog=_example("annlab data list")
)
store_app = typer.Typer(no_args_is_help=True, help="The store of computed jobs.", epilog=_example("annlab store list"))
app.add_typer(data_app, name="data")
app.add_typer(store_app, name="store")

Studies = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="STUDY", help="Names from `annlab list`, or paths of Python files; all studies by default.", autocompletion=_study_names
    ),
]
Profile = Annotated[str, typer.Option("--profile", "-p", help="How much: quick, standard or full.")]
AskedProfile = Annotated[
    str | None, typer.Option("--profile", "-p", help="Ask only quick, standard or full; by default the largest answers.")
]
StoredProfile = Annotated[
    str | None, typer.Option("--profile", "-p", help="quick, standard or full; by default the one of which the largest share is stored.")
]
Set = Annotated[
    list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="Give a parameter of the trial another value; repeatable.")
]
Where = Annotated[
    list[str] | None,
    typer.Option(
        "--where", metavar="NAME=VALUE", help="Keep only cells with this value; repeatable, a name given twice means either value."
    ),
]
Replicates = Annotated[int | None, typer.Option("--replicates", "-n", min=1, help="Replicates of each cell; the profile's by default.")]
Device = Annotated[str, typer.Option("--device", help="cpu or cuda.")]
Seed = Annotated[int, typer.Option("--seed", min=0, help="The root seed, from which every random number follows.")]
DataNames = Annotated[list[str], typer.Argument(metavar="NAME", help="Names from `annlab data list`.", autocompletion=_data_names)]
SomeDataNames = Annotated[list[str] | None, typer.Argument(metavar="NAME", help="All data sets by default.", autocompletion=_data_names)]
OneStudy = Annotated[str | None, typer.Option("--study", help="Only the jobs of this study.", autocompletion=_study_names)]


@app.callback()
def _root(
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and leave.")] = False,
) -> None:
    """A laboratory for neural networks: studies that are run, measured, drawn, and held against what was claimed."""


@app.command("list", epilog=_example("annlab list"))
def list_studies() -> None:
    """List the studies by exercise sheet, with the question each asks."""
    from annlab.cli_look import show_studies

    show_studies()


@app.command(epilog=_example("annlab run noise-and-optimisation --profile quick --where noise=0.3 --replicates 10"))
def run(
    studies: Studies = None,
    profile: Profile = "standard",
    settings: Set = None,
    where: Where = None,
    replicates: Replicates = None,
    workers: Annotated[int | None, typer.Option(min=1, help="Processes at a time; one a core by default.")] = None,
    device: Device = "cpu",
    seed: Seed = 0,
    fresh: Annotated[bool, typer.Option("--fresh", help="Compute again what older code computed.")] = False,
    retry: Annotated[bool, typer.Option("--retry", help="Try jobs again that failed before.")] = False,
    keep: Annotated[
        Literal["first", "all", "none"], typer.Option(help="Whose models are stored: of the first replicate, all or none.")
    ] = "first",
    time_limit: Annotated[float | None, typer.Option(min=0.001, help="Seconds after which a single job is given up.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would be computed and how long it would take.")] = False,
    no_report: Annotated[bool, typer.Option("--no-report", help="Write no report at the end.")] = False,
) -> None:
    """Compute what is not stored yet, then write the report and print its path."""
    from annlab.cli_run import Request, dry, execute

    request = Request.read(studies, profile, settings, where, replicates, device, seed)
    if dry_run:
        dry(request, workers=workers, fresh=fresh, retry=retry)
    else:
        execute(request, report=not no_report, workers=workers, fresh=fresh, retry=retry, keep=keep, time_limit=time_limit)


@app.command(epilog=_example("annlab report noise-and-optimisation --profile quick --output noise.html"))
def report(
    studies: Studies = None,
    profile: StoredProfile = None,
    settings: Set = None,
    where: Where = None,
    replicates: Replicates = None,
    device: Device = "cpu",
    seed: Seed = 0,
    output_format: Annotated[
        Literal["html", "markdown", "latex"], typer.Option("--format", help="A page, or a folder with text, figures and tables.")
    ] = "html",
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="File of the page, or the folder; in annlab's home by default.")
    ] = None,
) -> None:
    """Write the report of what is stored, computing nothing, and print its path."""
    from annlab.cli_run import print_report, report_path, stored_results

    results = stored_results(studies, profile, settings, where, replicates, device, seed)
    print_report(results, output or report_path(results, bool(studies), output_format), output_format)


@app.command(epilog=_example("annlab verify noise-and-optimisation --format json"))
def verify(
    studies: Studies = None,
    profile: AskedProfile = None,
    output_format: Annotated[Literal["table", "json"], typer.Option("--format", help="A table to read, or JSON.")] = "table",
    publish: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Also write the verdicts, dated and with the device named, into this table.")
    ] = None,
    device: Device = "cpu",
    seed: Seed = 0,
) -> None:
    """Hold what is stored against the published claims, computing nothing."""
    from annlab.cli_verify import show_verdicts

    show_verdicts(studies, profile, output_format, publish, device=device, seed=seed)


@app.command(epilog=_example("annlab show 3f9a"))
def show(job: Annotated[str, typer.Argument(metavar="JOB", help="Key of a job, or how it begins.")]) -> None:
    """Show a stored job: its parameters, what it measured, or why it failed."""
    from annlab.cli_look import show_job

    show_job(job)


@app.command(epilog=_example("annlab info"))
def info() -> None:
    """Show versions, devices and folders."""
    from annlab.cli_look import show_info

    show_info()


@data_app.command("list", epilog=_example("annlab data list"))
def data_list() -> None:
    """List the data sets and whether they can be used now."""
    from annlab.cli_files import list_data

    list_data()


@data_app.command("fetch", epilog=_example("annlab data fetch mnist"))
def data_fetch(names: DataNames) -> None:
    """Download what is missing of data sets, and verify it."""
    from annlab.cli_files import fetch_data

    fetch_data(names)


@data_app.command("check", epilog=_example("annlab data check mnist"))
def data_check(names: SomeDataNames = None) -> None:
    """Compare files with their checksums; exit code 1 if one is missing or damaged."""
    from annlab.cli_files import check_data

    check_data(names)


@data_app.command("add", epilog=_example("annlab data add wine wine.csv --task classification --target quality"))
def data_add(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name from now on: small letters, digits and underscores.")],
    path: Annotated[
        Path,
        typer.Argument(metavar="PATH", help="A table (.csv, .tsv, .txt), .npz, IDX file, or a folder of images by class or of IDX files."),
    ],
    task: Annotated[
        Literal["regression", "classification", "forecasting", "structure"] | None,
        typer.Option("--task", help="What it is for; by default what the content suggests."),
    ] = None,
    target: Annotated[
        str | None, typer.Option("--target", help="Column of the target or the series, by name or number from 1; the last by default.")
    ] = None,
    labels: Annotated[
        Path | None, typer.Option("--labels", metavar="FILE", help="IDX file of the labels of an IDX file of images.")
    ] = None,
    test: Annotated[
        int | None,
        typer.Option("--test", min=1, help="Values at the end of a series, or images, to hold out; a tenth and a fifth by default."),
    ] = None,
    size: Annotated[str | None, typer.Option("--size", metavar="HEIGHTxWIDTH", help="Resize a folder's images.")] = None,
    city: Annotated[str | None, typer.Option("--city", help="City of a temperature table of Berkeley Earth.")] = None,
    replace: Annotated[bool, typer.Option("--replace", help="Take the place of a set of this name.")] = False,
) -> None:
    """Register a data set of your own, which studies take with `--set data=NAME` where it fits."""
    from annlab.cli_files import add_data

    add_data(name, path, size, task=task, target=target, labels=labels, test=test, city=city, replace=replace)


@data_app.command("path", epilog=_example("annlab data path mnist"))
def data_path(name: Annotated[str, typer.Argument(metavar="NAME", autocompletion=_data_names)]) -> None:
    """Print the folder of a data set."""
    from annlab.data import path

    typer.echo(path(name))


@store_app.command("list", epilog=_example("annlab store list --study noise-and-optimisation"))
def store_list(study: OneStudy = None) -> None:
    """Count the stored and failed jobs of each study, or list those of one."""
    from annlab.cli_files import list_store

    list_store(study)


@store_app.command("check", epilog=_example("annlab store check"))
def store_check(study: OneStudy = None) -> None:
    """Compare stored jobs with their checksums and move damaged ones aside."""
    from annlab.cli_files import check_store

    check_store(study)


@store_app.command("prune", epilog=_example("annlab store prune --stale"))
def store_prune(
    study: OneStudy = None,
    stale: Annotated[bool, typer.Option("--stale", help="Also remove jobs that older code computed.")] = False,
    everything: Annotated[bool, typer.Option("--all", help="Remove every job of the study given by --study.")] = False,
) -> None:
    """Remove failures, damaged jobs and what killed processes left."""
    from annlab.cli_files import prune_store

    prune_store(study, stale=stale, everything=everything)


@store_app.command("export", epilog=_example("annlab store export runs.zip --study noise-and-optimisation"))
def store_export(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Zip file to write.")],
    study: OneStudy = None,
    models: Annotated[bool, typer.Option("--models", help="With the models that are kept.")] = False,
    split: Annotated[
        float | None, typer.Option("--split", min=0.001, metavar="MB", help="Begin another file before one grows beyond this size.")
    ] = None,
) -> None:
    """Write stored jobs to a file that another machine can import."""
    from annlab.cli_files import export_store

    export_store(file, study, models=models, split=split)


@store_app.command("import", epilog=_example("annlab store import runs.zip"))
def store_import(files: Annotated[list[Path], typer.Argument(metavar="FILE", help="Files made by `annlab store export`.")]) -> None:
    """Take jobs computed elsewhere into the store; jobs that are here already stay as they are."""
    from annlab.cli_files import import_store

    import_store(files)


def main() -> None:
    """Run the command line."""
    app(prog_name="annlab")
