"""What `import annlab` and ``annlab --help`` load, and what the package offers."""

import re
import subprocess
import sys
from importlib.metadata import packages_distributions, requires

import pytest

import annlab

NOT_FOR_WORKERS = {"pandas", "pyarrow", "typer", "plotly", "matplotlib"}


def modules_of(*packages: str) -> set[str]:
    """Top-level modules of installed packages and of everything that they require."""
    provided = {}
    for module, owners in packages_distributions().items():
        for owner in owners:
            provided.setdefault(normal(owner), set()).add(module)
    seen, found, waiting = set(), set(), [normal(name) for name in packages]
    while waiting:
        name = waiting.pop()
        if name in seen or name not in provided:
            continue
        seen.add(name)
        found |= provided[name]
        waiting += [normal(re.split(r"[^\w.-]", wanted)[0]) for wanted in requires(name) or [] if "extra ==" not in wanted]
    return found


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def modules_after(code: str) -> set[str]:
    script = f"import sys\nbefore = set(sys.modules)\n{code}\nprint('loaded:', *sorted(set(sys.modules) - before))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    return set(done.stdout.rpartition("loaded:")[2].split())


def test_importing_annlab_loads_only_the_standard_library():
    tops = {name.partition(".")[0] for name in modules_after("import annlab")}
    assert tops - sys.stdlib_module_names == {"annlab"}


@pytest.mark.parametrize("arguments", [["--help"], ["run", "--help"], ["data", "--help"], ["--version"]], ids=" ".join)
def test_help_loads_only_the_standard_library_typer_and_rich(arguments):
    code = f"import sys\nfrom annlab.cli import main\nsys.argv = ['annlab', *{arguments!r}]\n"
    code += "try:\n    main()\nexcept SystemExit as end:\n    assert not end.code, end.code"
    loaded = modules_after(code)
    tops = {name.partition(".")[0] for name in loaded}
    ours = {name for name in tops if not name.startswith("_sysconfigdata")}  # the standard library's, named after the machine
    assert ours - sys.stdlib_module_names - {"annlab"} <= modules_of("typer", "rich")
    assert {name for name in loaded if name.startswith("annlab.")} <= {"annlab.cli", "annlab.errors", "annlab.paths"} | {
        name for name in loaded if name.startswith("annlab.cli_")
    }


def test_every_public_name_loads_and_is_listed():
    for name in annlab.__all__:
        assert getattr(annlab, name) is not None
    assert set(annlab.__all__) <= set(dir(annlab))


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'MLPRegresor'"):
        annlab.MLPRegresor  # noqa: B018  (looking it up is the test)


def test_the_training_path_needs_no_tables_and_no_pages():
    code = f"import sys\nfor name in {NOT_FOR_WORKERS!r}:\n    sys.modules[name] = None\n"
    code += "import annlab.data, annlab.nets, annlab.measure, annlab.train, annlab.models, annlab.lab, annlab.lab.run, annlab.draw\n"
    code += "import pkgutil, importlib, annlab.studies\n"
    code += "for found in pkgutil.walk_packages(annlab.studies.__path__, 'annlab.studies.'):\n    importlib.import_module(found.name)\n"
    loaded = modules_after(code)
    assert {name for name in loaded if name.partition(".")[0] in NOT_FOR_WORKERS} <= NOT_FOR_WORKERS  # no part of them was loaded
    assert any(name.startswith("annlab.studies.supervised.") for name in loaded)
