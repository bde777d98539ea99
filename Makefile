# Baton: the commands of its people. Needs Python 3.11 or newer, git and make; the rest is fetched into .venv.

PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
VENV := .venv
BIN := $(VENV)/bin
RUN_STAMP := $(VENV)/.installed
DEV_STAMP := $(VENV)/.installed-dev
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
SOURCES := config people leads scoring sla bench tests manage.py .ci/lock_in_step.py
PYTEST_ARGS ?= -n 2 --dist loadfile
ARGS ?=
COMPILE = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate \
	--no-emit-index-url --no-header pyproject.toml

.DEFAULT_GOAL := help
.PHONY: help run test check format lock bench screenshots browser clean

help: ## list these commands
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 20

run: $(RUN_STAMP) ## start Baton with its own PostgreSQL and Redis (PORT=8000)
	@exec $(BIN)/python -m config.run

test: $(DEV_STAMP) browser ## run the tests (PYTEST_ARGS="tests/config -x")
	@$(BIN)/pytest $(PYTEST_ARGS)

check: $(DEV_STAMP) ## everything that is checked without running Baton
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy $(wildcard $(SOURCES))
	$(BIN)/lint-imports
	$(BIN)/djlint templates --check --lint --quiet
	$(BIN)/python .ci/lock_in_step.py
	$(BIN)/python manage.py makemigrations --check --dry-run
	DATABASE_URL=postgres://check@localhost/check REDIS_URL=redis://localhost/0 BATON_BASE_URL=https://check.example.com \
	SECRET_KEY=this-key-is-only-for-the-check-of-the-settings-3141592653589793 \
	$(BIN)/python manage.py check --deploy --fail-level WARNING

format: $(DEV_STAMP) ## format Python and templates, mend what ruff can mend
	$(BIN)/ruff check --fix --quiet . || true
	$(BIN)/ruff format .
	$(BIN)/djlint templates --reformat --quiet || true

lock: $(DEV_STAMP) ## pin again what pyproject.toml asks for (ARGS=--upgrade for newer versions)
	$(COMPILE) $(ARGS) -o requirements.lock
	$(COMPILE) $(ARGS) --extra dev -c requirements.lock -o requirements-dev.lock

bench: $(DEV_STAMP) ## measure (ARGS="run inbox --json")
	@$(BIN)/python -m bench $(or $(ARGS),run)

screenshots: $(DEV_STAMP) browser ## take the pictures of the README anew
	@$(BIN)/python -m tests.e2e.screenshots

clean: ## remove what the commands made, except the data in .baton
	rm -rf $(VENV) .baton-test .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

# A browser for the tests: installed where that is allowed; elsewhere its tests are skipped, or fail with CI=true.
browser:
	@command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null \
	|| { test "$$(id -u)" = 0 && command -v apt-get >/dev/null \
	&& apt-get -qq update && apt-get -qq install -y --no-install-recommends chromium >/dev/null; } \
	|| echo "No Chromium here: the browser tests are skipped."

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "Baton needs Python 3.11 or newer."; exit 2; }
	@$(PYTHON) -m venv $(VENV)

$(RUN_STAMP): requirements.lock | $(BIN)/python
	@echo "Installing the packages of requirements.lock into $(VENV) …"
	@$(PIP) -r requirements.lock
	@touch $@

$(DEV_STAMP): requirements-dev.lock | $(BIN)/python
	@echo "Installing the packages of requirements-dev.lock into $(VENV) …"
	@$(PIP) -r requirements-dev.lock
	@touch $@ $(RUN_STAMP)
