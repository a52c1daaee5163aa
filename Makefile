# Two commands are enough: `make run` starts the product, `make test` proves it. `make help` lists the rest.
.DEFAULT_GOAL := help
.NOTPARALLEL:
MAKEFLAGS += --no-builtin-rules
.SHELLFLAGS := -eu -c

# uv ignores the system's certificate store unless told, and then fails behind a company proxy.
export UV_SYSTEM_CERTS ?= true

# Compiled once, a process starts in a second; where the environment forbids that, each of them compiles everything anew.
unexport PYTHONDONTWRITEBYTECODE

BIN := .venv/bin
UV := $(BIN)/uv
FRONTEND := webapp/frontend
PAGES := webapp/static/dist/manifest.json
PORT ?= 8000

FRONTEND_SOURCES := $(shell find $(FRONTEND) -type f -not -path '*/node_modules/*' 2>/dev/null)
CATALOGUES := $(wildcard webapp/translations/*/LC_MESSAGES/*.po)

# The newest Python that works; a name on the PATH may be an empty shell of a version manager, so each is asked.
PYTHON ?= $(shell for name in python3.13 python3.12 python3.11 python3; do \
	if $$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then echo $$name; break; fi; done)

.PHONY: help install run worker test coverage sure fix docs clean lock dev gates

help: ## show these words
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /\1\t/' | expand -t 10

install: .stamps/runtime .stamps/catalogues $(if $(wildcard $(FRONTEND)/package.json),$(PAGES)) ## make everything that running needs

run: install ## start the product on http://127.0.0.1:8000 (PORT=… for another port)
	@exec $(BIN)/tuancheng run --port $(PORT)

worker: install ## start one more worker against TUANCHENG_DATABASE_URL and TUANCHENG_BROKER_URL
	@exec $(BIN)/celery -A tasks.app worker --loglevel info

# Three processes on two cores: the end-to-end stories wait more than they work.
test: dev browser gates ## prove it: style, types, import contracts, every test
	$(BIN)/pytest -n 3 --dist loadfile --no-loadscope-reorder

coverage: dev browser ## every test again, with the lines that no test reaches; tracing them takes half as long again
	$(BIN)/pytest -n 3 --dist loadfile --no-loadscope-reorder --cov --cov-report=term

sure: dev gates ## the quick proof before a commit: as test, without the browser
	$(BIN)/ruff format --check .
	$(BIN)/pytest -n 2 --dist loadfile -m "not load and not e2e" -q

fix: dev ## mend style where a machine can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: install ## write the pages of docs/reference that come from the code
	$(BIN)/python docs/generate.py docs/reference

clean: ## remove everything that was made, but not your data in var/
	rm -rf .venv .stamps build dist *.egg-info $(FRONTEND)/node_modules webapp/static/dist .coverage .coverage.* htmlcov
	rm -rf .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find workflows webapp tasks tests -name __pycache__ -prune -exec rm -rf {} +

lock: $(UV) ## resolve the requirements anew (hashes, no host names)
	$(UV) pip compile requirements.in -o requirements.txt $(LOCKED)
	$(UV) pip compile requirements-dev.in -o requirements-dev.txt $(LOCKED)

LOCKED := --universal --generate-hashes --no-header --no-annotate --python-version 3.11 -q

dev: install .stamps/dev

gates:
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

.PHONY: browser
browser:
	@$(BIN)/python -m tests.support.browser

# --- what is made, and from what ---

$(UV): .ci/uv.txt
	@if [ -z "$(PYTHON)" ]; then \
		echo "Python 3.11 or newer was not found. On Debian and Ubuntu: apt-get install python3 python3-venv" >&2; exit 1; fi
	@if ! $(PYTHON) -c 'import venv, ensurepip' 2>/dev/null; then \
		echo "This Python cannot make environments. On Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; fi
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r .ci/uv.txt
	@touch $@

.stamps/runtime: $(UV) requirements.txt pyproject.toml setup.py
	$(UV) pip install -q --python $(BIN)/python --require-hashes -r requirements.txt
	$(UV) pip install -q --python $(BIN)/python --no-deps -e .
	@mkdir -p .stamps && touch $@

.stamps/dev: .stamps/runtime requirements-dev.txt
	$(UV) pip install -q --python $(BIN)/python --require-hashes -r requirements-dev.txt
	@mkdir -p .stamps && touch $@

.stamps/catalogues: .stamps/runtime $(CATALOGUES)
	$(if $(CATALOGUES),$(BIN)/pybabel -q compile -d webapp/translations)
	@mkdir -p .stamps && touch $@

.stamps/node: $(FRONTEND)/package-lock.json
	@if ! command -v node >/dev/null; then \
		echo "The pages are built with Node.js 20 or newer, and it was not found. On Debian and Ubuntu: apt-get install nodejs npm" >&2; exit 1; fi
	@if [ "$$(node -p 'process.versions.node.split(".")[0]')" -lt 20 ]; then \
		echo "The pages are built with Node.js 20 or newer; this one is $$(node --version). Install a newer one, then run the same command again." >&2; exit 1; fi
	@if ! command -v npm >/dev/null; then \
		echo "npm was not found. On Debian and Ubuntu: apt-get install npm" >&2; exit 1; fi
	cd $(FRONTEND) && npm ci --no-audit --no-fund --loglevel error
	@mkdir -p .stamps && touch $@

$(PAGES): .stamps/node $(FRONTEND_SOURCES)
	cd $(FRONTEND) && npm run build -- --logLevel warn
	@touch $@
