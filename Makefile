# All set-up of this repository. `make quickstart` and `make test` work on a fresh machine with Python 3.11 or newer.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check

PACKAGES := genelab-core genelab-backend-rslrl genelab-backend-skrl genelab-backend-sb3 \
            genelab-tasks-locomotion genelab-tasks-manipulation
METADATA := pyproject.toml $(PACKAGES:%=%/pyproject.toml) constraints.txt

.DEFAULT_GOAL := help
.PHONY: help quickstart test check lint types imports docs docs-serve wheels clean

help:  ## Show this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 14

quickstart: $(VENV)/.runtime  ## Install, then train, evaluate, export and verify a pendulum on the CPU
	@scripts/system-packages
	@scripts/quickstart $(BIN)/genelab

test: $(VENV)/.dev  ## Install, then run the whole test-suite (ARGS="-k name" passes options to pytest)
	@scripts/system-packages
	$(BIN)/python -m pytest $(ARGS)

check: lint types imports  ## Lint, types and layers

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.dev
	$(BIN)/pyright

imports: $(VENV)/.dev
	$(BIN)/lint-imports

docs: $(VENV)/.dev  ## Build the documentation site into site/
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict --quiet

docs-serve: $(VENV)/.dev  ## Serve the documentation while it is edited
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs serve

wheels: $(VENV)/.venv  ## Build the wheels of all distributions into dist/
	$(PIP) wheel --no-deps --wheel-dir dist . $(PACKAGES:%=./%)

clean:  ## Remove the virtual environment and everything built (logs/ stays)
	rm -rf $(VENV) dist build site .pytest_cache .ruff_cache .import_linter_cache

# Stamps: an installation is repeated only when the metadata it came from is newer.
$(VENV)/.venv:
	@$(PYTHON) -c 'import sys; v = sys.version_info; sys.exit(f"GeneLab needs Python 3.11 or newer; this is {v.major}.{v.minor}. Try: make PYTHON=python3.11 ..." if v < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)
	@touch $@

# PyTorch comes first and pinned: a dependency that asks for any version would bring a build for CUDA.
$(VENV)/.torch: constraints.txt | $(VENV)/.venv
	$(PIP) install -c constraints.txt torch
	@touch $@

$(VENV)/.runtime: $(METADATA) $(VENV)/.torch
	$(PIP) install -c constraints.txt -e './genelab-core[onnx]' -e ./genelab-backend-rslrl -e ./genelab-tasks-locomotion -e .
	@touch $@

$(VENV)/.dev: $(METADATA) requirements-dev.txt $(VENV)/.torch
	$(PIP) install -c constraints.txt -r requirements-dev.txt -e './genelab-core[onnx]' $(PACKAGES:%=-e ./%) -e .
	@touch $@ $(VENV)/.runtime
