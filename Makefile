# What people and build machines run. `make` alone lists it.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help up setup test check bench faults golden screenshots fix lock system install lint types imports template requirements

PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/installed.txt
CODE = $(wildcard guestlink generator edge_api publish.py)
COMPILE := $(BIN)/uv pip compile pyproject.toml --no-config --quiet --universal --python-version 3.11 \
  --generate-hashes --custom-compile-command "make lock"
COMPILE_DEV := $(COMPILE) --extra dev --constraint requirements.txt

help: ## list what there is
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

up: setup ## open Guest Link on this machine
	@$(BIN)/python publish.py up

setup: ## make .venv with the pinned packages; does nothing when nothing changed
	@cmp -s requirements-dev.txt $(INSTALLED) || $(MAKE) --no-print-directory install

test: setup system ## run all tests but the long ones; ARGS="tests/ground -x" for some
	@$(BIN)/python -m pytest $(ARGS)

check: lint types imports template requirements ## lint, format, types, imports, deploy template, pinned packages

bench: setup ## print the measurements of bench/
	@for file in bench/*.py; do [ ! -e "$$file" ] || $(BIN)/python "$$file" || exit 1; done

faults: setup system ## kill, cut and race things for minutes
	@$(BIN)/python -m pytest -m faults

golden: setup ## write the golden files anew; read the diff before committing it
	@$(BIN)/python -m pytest --update-golden

screenshots: setup system ## make docs/screenshots from the sample house
	@PYTHONPATH=. $(BIN)/python tests/browser/screenshots.py

fix: setup ## mend what ruff can mend
	@$(BIN)/ruff check --fix . ; $(BIN)/ruff format .

lock: setup ## pin the packages of pyproject.toml with their hashes
	@$(COMPILE) --output-file requirements.txt
	@$(COMPILE_DEV) --output-file requirements-dev.txt

system: ## install the programs that tests need: as root with apt-get, else say what is missing
	@need=""; \
	command -v initdb >/dev/null || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || need="$$need postgresql"; \
	command -v chromium >/dev/null || need="$$need chromium"; \
	fc-list 2>/dev/null | grep -q . || need="$$need fonts-dejavu-core"; \
	[ -n "$$need" ] || exit 0; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  export DEBIAN_FRONTEND=noninteractive; \
	  apt-get update -qq </dev/null && apt-get install -qq --no-install-recommends $$need </dev/null; \
	else \
	  echo "Not installed:$$need. Tests that need them will fail and say so:"; \
	  for package in $$need; do case $$package in \
	    postgresql) echo "  postgresql: the contract tests of the database" ;; \
	    chromium) echo "  chromium: the tests in a browser; make test ARGS=\"-m 'not browser and not faults'\" leaves them out" ;; \
	    *) echo "  $$package: any font will do; without one, screenshots have no letters" ;; \
	  esac; done; \
	fi

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: setup
	$(BIN)/mypy $(CODE)

imports: setup
	$(BIN)/lint-imports

template: setup
	$(BIN)/cfn-lint deploy/*.yaml

install:
	@command -v $(PYTHON) >/dev/null || { echo "There is no $(PYTHON): install Python 3.11 or newer."; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Guest Link needs Python 3.11 or newer and $(PYTHON) is $$($(PYTHON) -V): make setup PYTHON=python3.12"; exit 1; }
	@$(BIN)/python -c '' 2>/dev/null || $(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
	  { echo "Python's venv module is missing: apt-get install python3-venv"; exit 1; }
	@$(BIN)/python -c '' 2>/dev/null || $(PYTHON) -m venv --clear .venv
	@echo "Installing the pinned packages into .venv: one or two minutes, once."
	@$(BIN)/python -m pip install --quiet --no-input --require-hashes -r requirements-dev.txt
	@cp requirements-dev.txt $(INSTALLED)

requirements: setup
	@there=$$(mktemp -d) && trap 'rm -rf "$$there"' EXIT; \
	cp requirements.txt requirements-dev.txt "$$there"; \
	$(COMPILE) --output-file "$$there/requirements.txt" 2>"$$there/why" && \
	  $(COMPILE_DEV) --output-file "$$there/requirements-dev.txt" 2>"$$there/why"; \
	case $$? in \
	  0) for file in requirements.txt requirements-dev.txt; do \
	       diff "$$file" "$$there/$$file" || { echo "$$file is not what pyproject.toml asks for: make lock"; exit 1; }; \
	     done; echo "The pinned packages are what pyproject.toml asks for." ;; \
	  2) echo "The pinned packages were not compared: the package index cannot be reached." ;; \
	  *) cat "$$there/why"; exit 1 ;; \
	esac
