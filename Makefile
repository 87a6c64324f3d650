# `make up` runs is0k on a fresh checkout; it needs Python 3.11 or newer, and nothing else.
.DEFAULT_GOAL := help
.PHONY: help up install test check schema lock bench browser vendored conformance clean

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# uv installs in a second what takes pip half a minute; without it pip does.
UV := $(shell command -v uv 2>/dev/null)
PIP := $(if $(UV),VIRTUAL_ENV=$(VENV) $(UV) pip install --quiet --compile-bytecode,$(BIN)/python -m pip install --quiet --disable-pip-version-check)

help: ## List what can be made
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

up: install ## Install, then run is0k on http://127.0.0.1:8000
	$(BIN)/is0k up

install: $(VENV)/.installed ## Make .venv with everything is0k needs to run

$(VENV)/.python:
	$(PYTHON) -c 'import sys; sys.exit("is0k needs Python 3.11 or newer; name one: make PYTHON=python3.13 install" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.installed: $(VENV)/.python requirements.txt pyproject.toml
	$(PIP) --require-hashes -r requirements.txt
	$(PIP) --no-build-isolation --no-deps -e .
	@touch $@

$(VENV)/.developer: $(VENV)/.installed requirements-dev.txt
	$(PIP) --require-hashes -r requirements-dev.txt
	@touch $@

test: $(VENV)/.developer ## Run the tests, on SQLite and on PostgreSQL
	$(BIN)/pytest --quiet -n 2 --dist loadfile
	$(BIN)/pytest --quiet -n 2 --dist loadfile --database postgres

check: $(VENV)/.developer ## Lint, types, layers, and whether schema.graphql is current
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m is0k.resolvers.export --check

schema: $(VENV)/.installed ## Write schema/schema.graphql anew; read the diff
	$(BIN)/python -m is0k.resolvers.export

bench: $(VENV)/.developer ## Measure against what is at hand; writes bench/RESULTS.md
	$(BIN)/python -m bench

browser: ## Make sure that there is a browser for tests/browser
	@command -v chromium || command -v chromium-browser || command -v google-chrome || { \
		if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
			apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium; \
		else \
			echo "Install chromium or google-chrome and put it on PATH (Debian: sudo apt-get install chromium)"; exit 1; \
		fi; }

vendored: ## Copy what the explorer pages load out of the locked npm packages (needs npm)
	cd web/vendored && npm ci --ignore-scripts --no-audit --no-fund && node copy.mjs

conformance: $(VENV)/.developer ## Run the public tools on a fresh server (needs npm); options in ARGS
	$(BIN)/python -m is0k.tests.conformance $(ARGS)

lock: ## Pin every dependency with its hash (needs uv and npm)
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate \
		--extra build -o requirements.txt pyproject.toml
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate \
		--extra build --extra dev -c requirements.txt -o requirements-dev.txt pyproject.toml
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate \
		-o tests/conformance/requirements.txt tests/conformance/requirements.in
	for folder in web/vendored tests/conformance; do \
		(cd $$folder && npm install --package-lock-only --ignore-scripts --no-audit --no-fund --omit-lockfile-registry-resolved=true) || exit 1; \
	done

clean: ## Remove the virtual environment and what tools have left
	rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache .conformance web/vendored/node_modules
