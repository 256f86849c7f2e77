# Transparency Centre. `make run` and `make test` do everything that a fresh checkout needs.
SHELL := /bin/bash
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
export PYTHONDONTWRITEBYTECODE := 1
# A test run never touches what `make run` keeps.
# Twice the cores: half of a test's time it waits, for disks, children and leases.
TEST_JOBS ?= $(shell echo $$((2 * $$(getconf _NPROCESSORS_ONLN))))
TARGET ?= tar
SECONDS ?= 1800

.PHONY: help run test test-slow check format requirements fuzz clean
.DEFAULT_GOAL := help

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 16

run: $(VENV)/.portal compiled ## set up, then start the portal with its demonstration (PORT=8000, TRANSPARENCY_HOME=var)
	$(BIN)/python manage.py serve --demo

test: $(VENV)/.test system-packages compiled ## set up, then check and run the whole suite
	$(MAKE) --no-print-directory check
	$(BIN)/python -m pytest -n $(TEST_JOBS) --dist loadfile --no-loadscope-reorder -m "not slow" tests

test-slow: $(VENV)/.test system-packages compiled ## the tests that take minutes
	$(BIN)/python -m pytest -m slow tests

check: $(VENV)/.test ## ruff, mypy, import contracts, migrations
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy .
	$(BIN)/lint-imports
	$(BIN)/python manage.py makemigrations --check --dry-run

format: $(VENV)/.test ## let ruff format and fix
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

requirements: ## compile requirements/*.txt from *.in (needs uv)
	for name in portal production test fuzz; do \
	  uv pip compile --quiet --generate-hashes --no-header --no-annotate --universal --python-version 3.11 \
	    requirements/$$name.in -o requirements/$$name.txt || exit 1; \
	done

fuzz: $(VENV)/.fuzz ## fuzz a parser, a group of them or all (TARGET=all SECONDS=1800 each), see tests/fuzz/README.md
	$(BIN)/python -m tests.fuzz.run $(TARGET) var/fuzz --seconds $(SECONDS) --record

clean: ## remove the virtual environment; data under var/ stays
	rm -rf $(VENV)

# Contained processes start often and may write nothing: they find the package compiled, or each of them would compile it again.
.PHONY: compiled
compiled: | $(VENV)/.portal
	$(BIN)/python -m compileall -q transparency reviews

.PHONY: system-packages
system-packages:
	@bash .ci/system-packages

$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed, found " + sys.version.split()[0] if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.portal: requirements/portal.txt pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: -r requirements/portal.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --no-index --editable .
	touch $@

$(VENV)/.test: requirements/test.txt $(VENV)/.portal
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: -r requirements/test.txt
	touch $@

$(VENV)/.fuzz: requirements/fuzz.txt $(VENV)/.test
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: -r requirements/fuzz.txt
	touch $@
