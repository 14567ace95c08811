# Every task of the project. `make help` lists them; CI runs `make test`.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready
RESOLVE := $(VENV)/lock/bin/uv pip compile --universal --generate-hashes --python-version 3.11 --no-emit-index-url \
  --no-emit-find-links --no-header --quiet

.DEFAULT_GOAL := help
.PHONY: help setup demo quickstart test programs lint types units docs fuzz soak bench bench-accuracy peers lock clean

help:  ## list the tasks
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 20

$(READY): requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(None if sys.version_info >= (3, 11) else "probe needs Python 3.11 or newer; this is " + sys.version.split()[0])'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $(READY)

setup: $(READY)  ## virtual environment with the locked dependencies

demo: $(READY)  ## the main job: agents in three regions, a hub, and the page that compares them; Ctrl-C ends it
	@$(BIN)/probe demo

quickstart: $(READY)  ## a shopper's journey, once, against a demo shop
	@$(BIN)/probe run --demo journeys/checkout.yaml

test: programs lint types units  ## all checks; what CI runs

programs:  ## outside programs of some tests, from Debian where root may install them
	@sh .ci/programs

lint: $(READY)  ## style, import contract, generated docs up to date
	$(BIN)/ruff check --quiet .
	$(BIN)/ruff format --quiet --check .
	$(BIN)/lint-imports --no-cache
	$(BIN)/probe schema | diff -u docs/journey.schema.json -
	$(BIN)/python -m probe.metrics | diff -u docs/metrics.md -
	diff -u docs/three-in-the-morning.md probe/hub/pages/three-in-the-morning.md

types: $(READY)  ## mypy, strict
	$(BIN)/mypy

units: $(READY)  ## the tests
	$(BIN)/python -m pytest --numprocesses 2 --quiet

fuzz: $(READY)  ## many more mutated journeys and answers than a test run takes
	PROBE_MUTATIONS=100000 $(BIN)/python -m pytest --quiet tests/spec/test_mutations.py tests/faults/test_mutated_answers.py

soak: $(READY)  ## many more kills than a test run takes
	PROBE_KILLS=500 PROBE_PAY_KILLS=300 $(BIN)/python -m pytest --quiet -s tests/agent/test_killed.py \
	  tests/agent/test_pay_killed.py tests/hub/test_kill.py

bench: $(READY)  ## cold start, a journey beside its peers, the price of the wire and of an agent, the hub's ingest rate
	$(BIN)/python -m bench.cold_start
	$(BIN)/python -m bench.journeys
	$(BIN)/python -m bench.wire
	$(BIN)/python -m bench.agent
	$(BIN)/python -m bench.ingest

peers:  ## locust, for make bench, in an environment of its own
	$(PYTHON) -m venv $(VENV)/peers && $(VENV)/peers/bin/pip install --quiet locust

bench-accuracy: $(READY)  ## how true the figures are, against packets: writes docs/accuracy.md (root on Debian, 6 minutes)
	-@$(BIN)/python -c 'import pycurl' 2>/dev/null || $(BIN)/python -m pip install --quiet --disable-pip-version-check pycurl
	$(BIN)/python -m bench.accuracy

docs: $(READY)  ## write the generated docs anew
	$(BIN)/probe schema > docs/journey.schema.json
	$(BIN)/python -m probe.metrics > docs/metrics.md
	cp probe/hub/pages/three-in-the-morning.md docs/

lock:  ## resolve the lock files anew from pyproject.toml
	$(PYTHON) -m venv $(VENV)/lock && $(VENV)/lock/bin/pip install --quiet uv
	$(RESOLVE) --upgrade pyproject.toml --all-extras --group dev --output-file requirements.lock
	$(RESOLVE) --constraint requirements.lock --no-annotate pyproject.toml --extra hub --output-file deploy/image.lock
	echo hatchling | $(RESOLVE) --constraint requirements.lock --no-annotate --output-file deploy/image-build.lock -

clean:  ## remove the virtual environment and every cache
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache artifacts build dist
