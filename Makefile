# Every target does its own set-up. Nothing here touches a real account: README.md tells how to deploy.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

STACK ?= dev
STACKS ?= dev prod
ARGS ?=
PAGE ?= build/report/index.html
# Two workers: the end-to-end tests start an engine, a program and a cloud each.
TEST_WORKERS ?= 2
ACTIONLINT := github.com/rhysd/actionlint/cmd/actionlint@v1.7.12

PYTHON := .venv/bin/python
SHELL_SCRIPTS := sandbox/setup sandbox/pulumi sandbox/engine/bin/pulumi-language-python .ci/run
YAML_FILES = $(shell git ls-files --cached --others --exclude-standard -- '*.yaml' '*.yml')
WORKFLOWS = $(wildcard .github/workflows/*.yml .github/workflows/*.yaml)

# What is written of the cache's contract.
CACHE_CONTRACT := cache-reference cache-schema cache-python cache-typescript cache-lua

# Some shells and images export this; without byte code every start parses 60 MB of SDK again.
unexport PYTHONDONTWRITEBYTECODE
unexport VIRTUAL_ENV

.PHONY: help
help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' Makefile
	@echo "  STACK=prod chooses the stack (default: dev); ARGS=... goes to the command behind the target"

.PHONY: setup
setup: ## Python packages and the engine; the other targets do it themselves
	@sandbox/setup

.PHONY: python
python:
	@sandbox/setup python

.PHONY: preview
preview: python ## what an update of the stack would do, by the real engine against the simulated cloud
	@if sandbox/setup engine; then \
	    sandbox/pulumi preview --stack $(STACK) $(ARGS); \
	else \
	    echo "make preview: the engine cannot be had here (reason above); this is the same program's plan without it" >&2; \
	    $(PYTHON) -m sandbox.plan --stack $(STACK); \
	fi

.PHONY: up
up: ## build the stack in the simulated cloud
	@sandbox/pulumi up --yes --stack $(STACK) $(ARGS)

.PHONY: destroy
destroy: ## delete the stack from the simulated cloud (its guards refuse, as on a real account)
	@sandbox/pulumi destroy --yes --stack $(STACK) $(ARGS)

.PHONY: plan
plan: python ## every resource with its inputs and options, without an engine
	@$(PYTHON) -m sandbox.plan --stack $(STACK) $(ARGS)

.PHONY: inventory
inventory: python ## every store: engine, size, place, backup, key, endpoints, owner
	@$(PYTHON) -m sandbox.plan --stack $(STACK) --format inventory $(ARGS)

.PHONY: cost
cost: python ## what STACK costs a month, beside the document's figures; ARGS="--format lines" shows each charge, json all
	@$(PYTHON) -m ops cost --stack $(STACK) $(ARGS)

.PHONY: report
report: python ## which promises STACK keeps, and what would close each gap, in build/report
	@$(PYTHON) -m ops report --stack $(STACK) $(ARGS)

.PHONY: pictures
pictures: python ## docs/pictures of the report anew, by a headless browser; PAGE=build/report/index.html is photographed
	@$(PYTHON) -m sandbox.report_pictures $(PAGE)

.PHONY: phases
phases: python ## where STACK is between the document's phases of PostgreSQL, and what each step does, takes and costs
	@$(PYTHON) -m ops phases --stack $(STACK) $(ARGS)

.PHONY: drift
drift: python ## what differs between STACK's state and the simulated cloud; fails on what is security-relevant
	@$(PYTHON) -m ops drift --stack $(STACK) --pulumi sandbox/pulumi $(ARGS)

.PHONY: test
test: setup ## every test; ARGS="-k name" runs some
	@$(PYTHON) -m pytest -n $(TEST_WORKERS) $(ARGS)

.PHONY: policy
policy: setup ## gate, policy packs and an outside scanner on dev and prod; STACKS=dev for one
	@sandbox/setup scanner > /dev/null
	@$(MAKE) --no-print-directory --jobs 3 --output-sync=target $(STACKS:%=policy-%) policy-scanner

# Twice: on a stack that does not exist yet, where much is unknown, and on one that stands, where the state is judged too.
.PHONY: $(STACKS:%=policy-%)
$(STACKS:%=policy-%): policy-%:
	@export TRIPTRIP_SANDBOX=$(CURDIR)/.sandbox/policy/$* PULUMI_SKIP_CHECKPOINTS=true; \
	rm -rf "$$TRIPTRIP_SANDBOX"; \
	printf '== %s: first deployment\n' $*; \
	$(PYTHON) -m ops policy --stack $* --pulumi sandbox/pulumi; \
	sandbox/pulumi up --yes --skip-preview --stack $* --suppress-outputs > "$$TRIPTRIP_SANDBOX/up.log" 2>&1 || \
	    { tail -n 40 "$$TRIPTRIP_SANDBOX/up.log" >&2; exit 1; }; \
	printf '== %s: as deployed\n' $*; \
	$(PYTHON) -m ops policy --stack $* --pulumi sandbox/pulumi; \
	printf '== %s: second opinion\n' $*; \
	$(PYTHON) -m ops second-opinion --stack $*

.PHONY: policy-scanner
policy-scanner:
	@printf '== the scanner finds what it should\n'; $(PYTHON) -m pytest -q tests/ops/second_opinion/with_checkov.py

.PHONY: adopt
adopt: python ## INSTANCE=name is the live primary: settings and state of STACK follow; ARGS=--plan touches nothing
	@$(PYTHON) -m ops adopt --stack $(STACK) --instance $(INSTANCE) $(ARGS)

.PHONY: failover
failover: python ## STACK's second region takes over after an outage; ARGS=--plan shows the steps
	@$(PYTHON) -m ops failover region --stack $(STACK) $(ARGS)

.PHONY: switchover
switchover: python ## STACK's primary and recovery replica change places, as planned; ARGS=--plan shows the steps
	@$(PYTHON) -m ops switchover --stack $(STACK) $(ARGS)

.PHONY: integration
integration: python ## every store's schema and the pooler on real servers; a group that cannot be installed is a failure
	@$(PYTHON) -m sandbox.servers install
	@TRIPTRIP_REQUIRE_SERVERS=1 $(PYTHON) -m pytest -n $(TEST_WORKERS) tests/integration $(ARGS)

.PHONY: faults
faults: setup ## the engine, each schema's apply and each recovery, killed at every single operation
	@$(PYTHON) -m sandbox.servers install
	@TRIPTRIP_REQUIRE_SERVERS=1 $(PYTHON) -m pytest -n $(TEST_WORKERS) tests/e2e tests/integration tests/ops -m faults $(ARGS)

.PHONY: restore-table restore-pit restore-full drill
restore-table: python ## one table back; ARGS="--table T --plan" shows the steps (docs/runbooks/recovery-postgres.md)
	@$(PYTHON) -m ops restore table --env $(STACK) $(ARGS)

restore-pit: python ## the database as it was at a moment; ARGS=--plan shows the steps
	@$(PYTHON) -m ops restore pit --env $(STACK) $(ARGS)

restore-full: python ## a new instance from logs, backup or export; ARGS=--plan shows the steps
	@$(PYTHON) -m ops restore full --env $(STACK) $(ARGS)

RESTORES := redis mongodb mongodb-cluster elasticsearch timescale
.PHONY: $(RESTORES:%=restore-%)
$(RESTORES:%=restore-%): restore-%: python
	@$(PYTHON) -m ops restore $* --env $(STACK) $(ARGS)

drill: python ## restore into a throw-away instance and measure it; ARGS=--history, ARGS=--check
	@$(PYTHON) -m ops drill --env $(STACK) $(ARGS)

.PHONY: bench
bench: setup ## speed, recovery times: name, value, unit
	@$(PYTHON) -m sandbox.bench $(ARGS)

.PHONY: check
check: check-python check-generated check-sql check-shell check-yaml check-workflows ## every linter, and generated files against their sources

.PHONY: check-python
check-python: python
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m mypy

.PHONY: check-generated
check-generated: python
	$(PYTHON) -m infra.settings schema --check
	$(PYTHON) -m infra.settings reference --check
	$(PYTHON) -m infra.settings endpoints --check
	$(PYTHON) -m infra.settings alerts --check
	@for each in $(CACHE_CONTRACT); do $(PYTHON) -m infra.settings $$each --check || exit 1; done
	$(PYTHON) -m services.cache
	$(PYTHON) -m sandbox.dashboards --check
	$(PYTHON) -m policies check
	$(PYTHON) -m policies reference --check
	$(PYTHON) -m policies schema --check
	$(PYTHON) -m ops restore runbook --check
	$(PYTHON) -m ops requirements --check

# Each folder has a .sqlfluff of its own, for its dialect.
.PHONY: check-sql
check-sql: python
	.venv/bin/squawk --config .squawk.toml $(wildcard schema/postgres/*/*.sql)
	.venv/bin/squawk --config schema/timescale/.squawk.toml $(wildcard schema/timescale/migrations/*.sql)
	.venv/bin/sqlfluff lint schema/postgres/migrations schema/postgres/repeatable schema/timescale/migrations
	.venv/bin/sqlfluff lint --config schema/postgres/.sqlfluff infra/catalog/workflows
	.venv/bin/sqlfluff lint --config schema/bigquery/.sqlfluff schema/bigquery

.PHONY: check-shell
check-shell: python
	.venv/bin/shellcheck $(SHELL_SCRIPTS)

.PHONY: check-yaml
check-yaml: python
	.venv/bin/yamllint --strict $(YAML_FILES)

# Only what this repository pins decides the result: its own shellcheck, and no pyflakes.
.PHONY: check-workflows
check-workflows: python
ifneq ($(WORKFLOWS),)
	GOFLAGS=-mod=mod GOWORK=off GOTOOLCHAIN=local CGO_ENABLED=0 "$$(sandbox/setup go)" run $(ACTIONLINT) -shellcheck=.venv/bin/shellcheck -pyflakes= $(WORKFLOWS)
endif

.PHONY: docs
docs: python ## write the generated references anew
	$(PYTHON) -m infra.settings schema
	$(PYTHON) -m infra.settings reference
	$(PYTHON) -m infra.settings endpoints
	$(PYTHON) -m infra.settings alerts
	@for each in $(CACHE_CONTRACT); do $(PYTHON) -m infra.settings $$each || exit 1; done
	$(PYTHON) -m sandbox.dashboards
	$(PYTHON) -m policies reference
	$(PYTHON) -m policies schema
	$(PYTHON) -m ops restore runbook
	$(PYTHON) -m ops requirements

.PHONY: snapshots
snapshots: python ## accept the plans of dev and prod as the reviewed ones
	@for stack in dev prod; do $(PYTHON) -m sandbox.plan --stack $$stack --format yaml > tests/snapshots/$$stack.yaml; done

.PHONY: clean
clean: ## remove the simulated cloud's state, .venv and tool caches; the cache outside the tree stays
	rm -rf .sandbox .venv .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
