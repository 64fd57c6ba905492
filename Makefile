# Two commands: `make run` shows Naosu at work, `make test` checks all of it. Both install what they need first.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input --quiet
UV_LOCK := $(BIN)/uv pip compile --universal --generate-hashes --python-version 3.11 --quiet --no-header pyproject.toml

.DEFAULT_GOAL := help
.PHONY: help install install-dev browser faults run test lint format types soak bench wheel lock docs clean

help: ## Show what there is
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' Makefile | column -t -s '|'

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "naosu needs Python 3.11 or newer: install it, or name it with PYTHON=…" >&2; exit 3; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null \
	  || { echo "Python lacks venv: apt-get install python3-venv" >&2; exit 3; }
	$(PYTHON) -m venv $(VENV)

# The stamps hold what was installed from: when a lock file or the project changes, pip runs again, else it does not.
$(VENV)/.installed: $(BIN)/python requirements-demo.lock pyproject.toml
	$(PIP) install --require-hashes -r requirements-demo.lock
	$(PIP) install --no-deps --no-build-isolation -e .
	@$(BIN)/python -m compileall -q src packages demo || true
	@touch $@

$(VENV)/.installed-dev: $(BIN)/python requirements-dev.lock pyproject.toml
	$(PIP) install --require-hashes -r requirements-dev.lock
	$(PIP) install --no-deps --no-build-isolation -e .
	@$(BIN)/python -m compileall -q src packages demo || true
	@touch $@ $(VENV)/.installed

install: $(VENV)/.installed ## Make .venv from the lock file, so that .venv/bin/naosu works

install-dev: $(VENV)/.installed-dev

browser:
	@command -v chromium >/dev/null || command -v google-chrome >/dev/null || { \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends chromium >/dev/null; \
	  fi; } || true
	@command -v chromium >/dev/null || echo "no chromium, and no right to install it: browser tests will be skipped" >&2

run: install ## Start a server, the demo shop and traffic, and print the page to open
	@exec $(BIN)/python -m demo.run

# The environment of the shared faulty applications, where those are: repairs are tested on what really runs.
faults: install-dev
	@if [ -d ../shared/data/faults ]; then $(BIN)/python bench/fault_environment.py >/dev/null; \
	  else echo "no ../shared/data/faults: tests that run those applications will be skipped" >&2; fi

test: install-dev browser faults ## Run every check and test
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	NAOSU_FAULT_PYTHON=$${NAOSU_FAULT_PYTHON:-$$(test -x .venv-faults/bin/python && echo $(CURDIR)/.venv-faults/bin/python)} $(BIN)/pytest

lint: install-dev ## Run the checks that need no test
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

format: install-dev ## Format the code, and mend what the linter can
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

soak: install-dev ## Kill processes at random instants for 100 rounds, and mutate 10,000 envelopes
	NAOSU_SOAK_ROUNDS=100 NAOSU_MUTATIONS=10000 $(BIN)/pytest -m "soak or not soak" \
	  tests/e2e/crash tests/property/ingest tests/property/storage tests/unit/queue

bench: install-dev ## Measure the figures of docs/performance.md
	$(BIN)/python bench/startup.py
	$(BIN)/python bench/ingest.py

wheel: install-dev ## Build dist/naosu-….whl, which holds everything
	rm -rf dist
	$(BIN)/uv build --quiet --wheel --no-build-isolation --python $(BIN)/python --out-dir dist

lock: install-dev ## Resolve the dependencies anew
	$(UV_LOCK) -o requirements.lock
	$(UV_LOCK) --extra demo -o requirements-demo.lock
	$(UV_LOCK) --extra demo --extra dev -o requirements-dev.lock

docs: install-dev ## Write docs/reference from the code
	$(BIN)/python -m docs.generate

clean: ## Remove what was built, and .venv
	rm -rf $(VENV) dist build .naosu .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
