# Everything a person or the CI types. Needs only Python >= 3.11 (with venv) and make.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin
export DBT_SEND_ANONYMOUS_USAGE_STATS := false
export RUNTIME__DLTHUB_TELEMETRY := false
export DAGSTER_DISABLE_TELEMETRY := true
export DO_NOT_TRACK := 1

COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
    --no-emit-find-links --no-annotate --no-header --group build pyproject.toml

CHECKS := types sql style borders

.PHONY: $(CHECKS) help install demo down test test-tenancy test-long check lock format system-packages client

# Programs that tests use and Python cannot bring, by Debian's names; Python itself needs none of them.
SYSTEM_PACKAGES := chromium redis-server nodejs npm

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):[^#]*## /  make \1\t/' | expand -t 20

# The stamp is written last, so a half-made environment is made again from nothing.
define environment
@echo "environment: installing the packages of $< into .venv"
@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python >= 3.11 is needed; set PYTHON=/path/to/python3.11" >&2; exit 1; }
@test -e $@ && test -x $(BIN)/python || { rm -rf .venv && $(PYTHON) -m venv .venv; }
@sed -n '/^uv==/,/[^\\]$$/p' $< > .venv/uv.lock
@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r .venv/uv.lock
@$(BIN)/uv pip sync --quiet --compile-bytecode --python $(BIN)/python --require-hashes $<
@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e .
@touch $@
endef

install: .venv/production ## what a server needs, without the tests' tools and the demo's

.venv/production: requirements.lock pyproject.toml
	$(environment)

.venv/ready: development.lock pyproject.toml
	@test ! -e .venv/production || { echo "here is a server's environment: develop in another folder, or remove .venv first" >&2; exit 1; }
	$(environment)

demo: .venv/ready ## two clinics, the whole way, in a few minutes (DETACH=1 returns once all answers)
	@$(BIN)/python -m demo $(if $(DETACH),--detach)

down: ## stop everything that `make demo` started, and nothing else
	@if test -x $(BIN)/routiq; then $(BIN)/routiq down; else echo "nothing to stop: no environment here"; fi

check: .venv/ready ## lint, types, borders, SQL style, dbt parse: fast
	@$(MAKE) --no-print-directory --jobs 2 --output-sync $(CHECKS)

types:
	@$(BIN)/mypy

sql:
	@$(BIN)/dbt parse --quiet --project-dir dbt_project --profiles-dir .
	@$(BIN)/sqlfluff lint dbt_project/models dbt_project/tests --disable-progress-bar
	@$(BIN)/sqlfluff lint serving --templater placeholder --disable-progress-bar

style:
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

borders:
	@$(BIN)/lint-imports --no-cache

system-packages: ## install the programs that tests use (Debian, as root), where missing
	@tests/system_packages $(SYSTEM_PACKAGES)

test: system-packages check ## everything the CI runs
	@$(BIN)/pytest -m 'not long' --numprocesses 2 --dist loadfile --no-loadscope-reorder

test-tenancy: system-packages .venv/ready ## a hundred thousand requests of eight clinics at once, looking for a leak
	@$(BIN)/pytest -m long tests/serving/test_tenancy.py

test-long: system-packages .venv/ready ## what takes longer than a quarter of an hour
	@$(BIN)/pytest -m long

format: .venv/ready ## let the tools decide the style
	@$(BIN)/ruff check --fix --quiet .
	@$(BIN)/ruff format .
	@$(BIN)/sqlfluff fix dbt_project/models dbt_project/tests --disable-progress-bar
	@$(BIN)/sqlfluff fix serving --templater placeholder --disable-progress-bar

client: .venv/ready ## what dbt says of columns, for the API; the TypeScript types, from its description
	@tests/system_packages nodejs npm
	@$(BIN)/python -m serving.openapi columns
	@cd serving/client && npm ci --silent && $(CURDIR)/$(BIN)/python -m serving.openapi > openapi.json && npm run --silent generate

lock: .venv/ready ## resolve the packages again: exact versions, hashes, no addresses
	@$(COMPILE) --group demo --group dev -o development.lock
	@$(COMPILE) --constraint development.lock -o requirements.lock
