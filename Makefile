# The one front door. Everything is done by bootstrap/, on the system's Python.

PYTHON  ?= python3
PORT    ?= 4010
WORKERS ?= 250
SEED    ?= 1

RUN = @command -v $(PYTHON) >/dev/null \
	|| { echo "error: there is no $(PYTHON) on PATH; install Python 3.11 or newer" >&2; exit 1; } \
	&& $(PYTHON) -B -m bootstrap
ACCOUNT = --port $(PORT) --workers $(WORKERS) --seed $(SEED)

.DEFAULT_GOAL := help
.PHONY: help setup up down test check bench-up bench-emulator bench-stuck-tasks bench-task-attributes emulator clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-22s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo "Variables: PORT=$(PORT) WORKERS=$(WORKERS) SEED=$(SEED) PYTHON=$(PYTHON)"

setup: ## Set up packages, the Pulumi CLI and the stacks; enough for plain `pulumi preview`
	$(RUN) setup

up: ## Deploy stack local to a local Twilio on PORT, with WORKERS workers made from SEED
	$(RUN) up $(ACCOUNT)

down: ## Destroy stack local and stop the local Twilio
	$(RUN) down

test: ## Run all checks and all tests; needs nothing run before it
	$(RUN) test

check: ## Check format, lint, types, import contracts and generated files
	$(RUN) check

bench-up: ## Time `pulumi up`, preview and refresh of 200 queues
	$(RUN) bench-up

bench-emulator: ## Time the local Twilio beside bare endpoints of its framework
	$(RUN) bench-emulator

bench-stuck-tasks: ## Time the stuck task cleaner on 10,000 tasks beside serial runs
	$(RUN) bench-stuck-tasks

bench-task-attributes: ## Let many writers change one task at once
	$(RUN) bench-task-attributes

emulator: ## Run the local Twilio in this terminal
	$(RUN) emulator $(ACCOUNT)

clean: ## Remove everything the other targets made, also the stacks' state
	$(RUN) clean
