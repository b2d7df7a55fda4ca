# Every verb sets up what it needs on a machine that has Python 3.11+ with venv, make and git.
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/pip --disable-pip-version-check --quiet
ARGS ?=
# Suites with brokers, containers or processes to kill: one after the other, or they starve each other.
ALONE := kafka or compose or crash

.PHONY: demo serve test check up down demo-compose bench planted lock contracts format

demo: .venv/runtime ## replay a published trial through the three services, and tell three invented ones
	$(BIN)/trialops demo $(ARGS)

serve: .venv/runtime ## all three services in one process, on SQLite
	$(BIN)/trialops serve $(ARGS)

test: .venv/dev ## the whole suite; what needs Docker runs when Docker answers
	$(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 -m "not ($(ALONE))" $(ARGS) || [ $$? -eq 5 ]
	$(BIN)/python -m pytest -m "$(ALONE)" $(ARGS) || [ $$? -eq 5 ]

check: .venv/dev ## static checks, the same as pre-commit
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	for service in enrolment safety sponsor; do $(BIN)/python -m services.$$service contracts --check || exit 1; done
	$(BIN)/python -m deploy.trialops.documents --check

up: .venv/runtime ## the network installation: Apache Kafka, PostgreSQL, three services, one port
	$(BIN)/python -m deploy.secrets .secrets
	docker compose up --detach --wait --build

demo-compose: .venv/runtime ## the same stories against the network installation (make up first)
	$(BIN)/trialops demo --against http://127.0.0.1:8080 --home .secrets $(ARGS)

down: ## stop it; its volumes stay
	docker compose down

bench: .venv/dev ## benchmarks: our paths against anchors in the same run
	$(BIN)/python -m benchmarks $(ARGS)

planted: .venv/dev ## every planted bug must be caught by the test that it names
	$(BIN)/python -m tests.planted $(ARGS)

contracts: .venv/dev ## write the committed contracts and generated documents anew
	for service in enrolment safety sponsor; do $(BIN)/python -m services.$$service contracts || exit 1; done
	$(BIN)/python -m deploy.trialops.documents

format: .venv/dev
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format --quiet .

lock: .venv/dev ## write requirements/*.txt anew from pyproject.toml
	$(BIN)/python requirements/lock.py

.venv/runtime: requirements/runtime.txt requirements/build.txt pyproject.toml
	$(PYTHON) -m venv .venv
	$(PIP) install --require-hashes -r requirements/build.txt -r requirements/runtime.txt
	$(PIP) install --no-deps --no-build-isolation --editable .
	touch $@

.venv/dev: .venv/runtime requirements/dev.txt
	$(PIP) install --require-hashes -r requirements/dev.txt
	touch $@
