# Needs Python 3.11 or newer with pip, and nothing else. `make run` and `make test` install what they need once.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
PYTEST := $(BIN)/python -m pytest -n auto --maxprocesses 8

.PHONY: help install run test test-all lint unit bench docs clean

help:  ## show these lines
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

install: $(STAMP)  ## make the virtual environment with the tested versions

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "annlab needs Python 3.11 or newer, this is " + sys.version.split()[0])'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[dev]"
	@touch $@

run: $(STAMP)  ## every study at the quick profile: a few minutes, no network, ends with the path of the report
	$(BIN)/annlab run --profile quick

test: lint unit  ## style, types, rooms, and the tests that are not slow

lint: $(STAMP)  ## style, types, and which room imports which
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

unit: $(STAMP)
	$(PYTEST) -m "not slow"

test-all: lint  ## the slow tests too
	$(PYTEST)

bench: $(STAMP)  ## timings beside other ways to do the same thing, one table each
	@set -e; for script in $$(find benchmarks -name '*.py' | sort); do echo "== $$script"; $(BIN)/python "$$script"; done

docs: $(STAMP)  ## the programming reference and a gallery of the quick profile, in build/docs
	$(BIN)/python docs/build.py build/docs/api
	$(BIN)/annlab run --profile quick --no-report
	$(BIN)/annlab report --profile quick --output build/docs/gallery.html

clean:  ## remove the environment and everything tools made
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find src tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +
