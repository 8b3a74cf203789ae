"""Write the programming reference: one page for the package and one for each of its rooms, from their docstrings.

Usage: python docs/build.py FOLDER
"""

import sys
from importlib import import_module
from pathlib import Path

import pdoc
import pdoc.render

ROOMS = ("data", "nets", "measure", "train", "models", "lab", "draw", "report")


def main(folder: Path) -> None:
    """Load every public name, since pdoc sees only what a module holds, and write the pages."""
    modules = ["annlab", *(f"annlab.{room}" for room in ROOMS)]
    for module in map(import_module, modules):
        for name in getattr(module, "__all__", ()):
            setattr(module, name, getattr(module, name))
    pdoc.render.configure(docformat="google", math=True)
    pdoc.pdoc(*modules, output_directory=folder)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
