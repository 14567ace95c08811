# Every task of the project. `make help` lists them; CI runs `make test`.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready

.DEFAULT_GOAL := help
.PHONY: help setup demo test lint types units docs fuzz bench lock clean

help:  ## list the tasks
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 20

$(READY): requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(None if sys.version_info >= (3, 11) else "probe needs Python 3.11 or newer; this is " + sys.version.split()[0])'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $(READY)

setup: $(READY)  ## virtual environment with the locked dependencies

demo: $(READY)  ## the main job: a shopper's journey against a demo shop
	@$(BIN)/probe run --demo journeys/checkout.yaml

test: lint types units  ## all checks; what CI runs

lint: $(READY)  ## style, import contract, generated docs up to date
	$(BIN)/ruff check --quiet .
	$(BIN)/ruff format --quiet --check .
	$(BIN)/lint-imports --no-cache
	$(BIN)/probe schema | diff -u docs/journey.schema.json -

types: $(READY)  ## mypy, strict
	$(BIN)/mypy

units: $(READY)  ## the tests
	$(BIN)/python -m pytest --numprocesses 2 --quiet

fuzz: $(READY)  ## many more mutated journeys than a test run takes
	PROBE_MUTATIONS=100000 $(BIN)/python -m pytest --quiet tests/spec/test_mutations.py

bench: $(READY)  ## cold start, as a ratio to importing aiohttp
	$(BIN)/python bench/cold_start.py

docs: $(READY)  ## write the generated docs anew
	$(BIN)/probe schema > docs/journey.schema.json

lock:  ## resolve requirements.lock anew from pyproject.toml
	$(PYTHON) -m venv $(VENV)/lock && $(VENV)/lock/bin/pip install --quiet uv
	$(VENV)/lock/bin/uv pip compile --universal --upgrade --generate-hashes --python-version 3.11 --no-emit-index-url \
	  --no-emit-find-links --no-header --quiet pyproject.toml --all-extras --group dev --output-file requirements.lock

clean:  ## remove the virtual environment and every cache
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache artifacts build dist
