# Everything that is done with this repository. `make` alone lists the verbs.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
MADE := $(VENV)/.made
CATALOGUES := $(wildcard layers/core/complaints/locale/*/LC_MESSAGES/messages.po)
POLICIES := $(wildcard infra/policies/*.yaml)
TEMPLATES := template.yaml $(wildcard infra/*.yaml)
ANSWERS := .local/samconfig.toml
LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-header --no-annotate --no-emit-index-url

# Prints the newest Python that the code runs on: of PATH, and of pyenv, whose shims may lead nowhere.
define FIND_PYTHON
for version in 3.13 3.12 3.11; do \
	for python in "python$$version" "$${PYENV_ROOT:-$$HOME/.pyenv}"/versions/$$version.*/bin/python; do \
		if "$$python" -c "import sys; sys.exit('%d.%d' % sys.version_info[:2] != '$$version')" >/dev/null 2>&1; \
		then echo "$$python"; exit 0; fi; \
	done; \
done; exit 1
endef

.PHONY: help install run test check bench build deploy lock clean

help: ## list the verbs
	@grep -hE '^[a-z]+:.*## ' Makefile | sed -E 's/^([a-z]+):[^#]*## /\1\t/' | expand -t 12

install: $(INSTALLED) $(MADE) ## make .venv and all that is compiled; nothing when nothing changed

$(INSTALLED): requirements-dev.txt pyproject.toml
	@python=$$($(FIND_PYTHON)) || { \
		echo "Python 3.11, 3.12 or 3.13 is needed, and none was found." >&2; \
		echo "  Debian: sudo apt-get install python3 python3-venv    macOS: brew install python@3.13" >&2; \
		exit 1; }; \
	echo "Python: $$("$$python" -c 'import sys; print(sys.version.split()[0], sys.executable)')"; \
	"$$python" -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "This Python can't make a virtual environment." >&2; \
		echo "  Debian: sudo apt-get install python3-venv    macOS: brew install python@3.13" >&2; \
		exit 1; }; \
	wanted=$$("$$python" -c 'import sys; print(sys.version_info[:2])'); \
	found=$$($(BIN)/python -c 'import sys; print(sys.version_info[:2])' 2>/dev/null || true); \
	if [ "$$wanted" != "$$found" ]; then rm -rf $(VENV); "$$python" -m venv $(VENV); fi
	@# uv installs the rest; pip fetches uv itself, by the same hashes.
	@sed -n '/^uv==/,/[^\\]$$/p' requirements-dev.txt > $(VENV)/uv.txt
	@$(BIN)/uv --version 2>/dev/null | grep -qF "uv $$(sed -nE 's/^uv==([0-9.]+).*/\1/p' $(VENV)/uv.txt)" || \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $(VENV)/uv.txt
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements-dev.txt
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@

$(MADE): $(INSTALLED) $(CATALOGUES) $(POLICIES) $(wildcard layers/core/complaints/policy*.py)
	@$(BIN)/pybabel --quiet compile --directory layers/core/complaints/locale
	@$(BIN)/python -m complaints.policy_file
	@touch $@

run: install ## the whole product on this machine, until Ctrl-C; POLICY=utility for another procedure
	@HUIYIN_POLICY="$(POLICY)" $(BIN)/python -m infra.local.run

test: check ## what `check` does, then all tests; PYTEST_ARGS="-k word" for some of them
	@{ command -v chromium chromium-browser google-chrome >/dev/null || [ -d "/Applications/Google Chrome.app" ]; } && \
		command -v chromedriver >/dev/null || { \
		echo "The browser tests need Chromium and its driver." >&2; \
		echo "  Debian: sudo apt-get install chromium chromium-driver fonts-noto-cjk" >&2; \
		echo "  macOS: brew install --cask google-chrome chromedriver" >&2; \
		exit 1; }
	@$(BIN)/pytest --numprocesses=auto --maxprocesses=4 --dist=loadfile $(PYTEST_ARGS)

check: install ## format, lint, types, templates; offline
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/cfn-lint $(TEMPLATES)

bench: install ## the measurements, as tables
	@$(BIN)/python -m tests.bench

build: install ## what AWS gets, below .aws-sam
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/sam build
	@# Byte code halves the cold start; Lambda could not write its own. It must be of the runtime's Python.
	@if $(BIN)/python -c 'import sys; sys.exit(sys.version_info[:2] != (3, 13))'; then \
		$(BIN)/python -m compileall -q -j 0 --invalidation-mode unchecked-hash .aws-sam/build; \
	else echo "No byte code is shipped: that needs Python 3.13 in .venv; cold starts are slower."; fi

# Answers of the first time are kept in .local: they belong to an account, not to the repository.
deploy: build ## build, then deploy to AWS; asks what it needs to know the first time
	@mkdir -p .local
	@if grep -qs '^parameter_overrides' $(ANSWERS); then $(BIN)/sam deploy --config-file $(CURDIR)/$(ANSWERS); \
	else cp samconfig.toml $(ANSWERS); $(BIN)/sam deploy --guided --config-file $(CURDIR)/$(ANSWERS); fi

lock: $(INSTALLED) ## pin every requirement by hash; UPGRADE=--upgrade for newer ones
	@$(LOCK) $(UPGRADE) pyproject.toml --all-extras --group dev --output-file requirements-dev.txt
	@$(LOCK) pyproject.toml --constraints requirements-dev.txt --output-file layers/core/requirements.txt
	@for layer in documents policies; do \
		$(BIN)/python -c 'import sys, tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["project"]["optional-dependencies"][sys.argv[1]], sep="\n")' $$layer | \
			$(LOCK) - --constraints requirements-dev.txt --output-file layers/$$layer/requirements.txt || exit 1; \
	done

clean: ## remove what is made; .local, with the state of `make run`, stays
	@rm -rf $(VENV) .aws-sam .mypy_cache .pytest_cache .ruff_cache .hypothesis .coverage
	@rm -f layers/core/complaints/locale/*/LC_MESSAGES/*.mo layers/core/complaints/policies/*.{json,yaml}
	@find functions layers infra tests -name __pycache__ -type d -prune -exec rm -rf {} +
