# Every command of this repository; what takes more than a line or two is a script in scripts/.
.DEFAULT_GOAL := help
SHELL := /bin/sh
unexport PYTHONHOME PYTHONPATH VIRTUAL_ENV PYTHONDONTWRITEBYTECODE

PYTHON := .venv/bin/python
BIOME := node_modules/.bin/biome
ROUNDS ?= 1
ARGS ?=

.PHONY: help run test check check-python check-javascript bench test-browser format hooks lock clean

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-18s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

run: ## install into .venv and run the demo: server, worker and a site on http://localhost:8080/
	@scripts/environment.sh run
	@exec .venv/bin/sitebell demo

test: ## install what the tests need and run all of them (ARGS="-k name" picks some)
	@scripts/system-packages.sh --install python browsers postgresql
	@scripts/environment.sh dev
	@$(PYTHON) -m pytest -n auto $(ARGS)

check: check-python check-javascript ## format, lint, types, layers and rules of the code, without running it

check-python: ## the part of check that needs no Node
	@scripts/environment.sh dev
	@scripts/check-python.sh $(PYTHON)

check-javascript: ## the part of check that needs Node
	@scripts/system-packages.sh node
	@$(MAKE) --no-print-directory node_modules/.package-lock.json
	@$(BIOME) ci --error-on-warnings --colors=off
	@npm run --silent check

node_modules/.package-lock.json: package.json package-lock.json
	@npm install --no-save --ignore-scripts --no-audit --no-fund --loglevel=error # not ci: it refuses a lock without other systems' binaries
	@touch $@

bench: ## measure delivery beside the peers; writes bench/results.json
	@scripts/environment.sh dev
	@$(PYTHON) bench/run.py $(ARGS)

test-browser: ## run the browser tests ROUNDS times, stopping at the first failure
	@scripts/system-packages.sh --install python browsers
	@scripts/environment.sh dev
	@scripts/test-browser.sh $(PYTHON) "$(ROUNDS)" $(ARGS)

format: ## format and sort imports in place
	@scripts/environment.sh dev
	@$(PYTHON) -m ruff format --quiet
	@$(PYTHON) -m ruff check --fix --quiet
	@if command -v npm >/dev/null; then \
	    $(MAKE) --no-print-directory node_modules/.package-lock.json && $(BIOME) format --write; \
	else echo "There is no Node here: JavaScript stays as it is."; fi

hooks: ## run the quick part of check before every commit in this clone
	@scripts/environment.sh dev
	@git config core.hooksPath .githooks
	@echo "Commits in this clone now run .githooks/pre-commit."

lock: ## write requirements.lock and requirements-dev.lock anew
	@scripts/environment.sh dev
	@scripts/lock.sh $(PYTHON) $(ARGS)

clean: ## remove what these commands made; data/ stays
	rm -rf .venv node_modules build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
