# What people and build machines run. `make` alone lists it.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help up setup test check browser bench faults golden screenshots fix lock system tools install lint types imports \
  template requirements

PYTHON ?= python3
# Testers that run side by side, each with servers of its own.
TESTERS ?= 2
BIN := .venv/bin
INSTALLED := .venv/installed.txt
CODE = $(wildcard guestlink generator edge_api publish.py)
COMPILE := $(BIN)/uv pip compile pyproject.toml --no-config --quiet --universal --python-version 3.11 \
  --generate-hashes --custom-compile-command "make lock"
COMPILE_DEV := $(COMPILE) --extra dev --constraint requirements.txt
# Node packages of a folder, pinned by its lock; without them the tests that need them fail and say so.
NPM := npm --prefix $$folder --loglevel error --no-audit --no-fund --no-update-notifier --ignore-scripts
NPM_INSTALL = folder=$(1); cmp -s $$folder/package-lock.json $$folder/node_modules/installed.json || { \
  command -v npm >/dev/null || { echo "Not installed: npm. $(2) will fail and say so."; exit 0; }; \
  echo "Installing the pinned node packages of $$folder, once."; \
  $(NPM) ci >/dev/null && cp $$folder/package-lock.json $$folder/node_modules/installed.json || \
    echo "npm could not install them: $(2) will fail and say so."; }

help: ## list what there is
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

up: setup ## open Guest Link on this machine
	@$(BIN)/python publish.py up

setup: ## make .venv with the pinned packages; does nothing when nothing changed
	@cmp -s requirements-dev.txt $(INSTALLED) || $(MAKE) --no-print-directory install

test: setup system tools ## run all tests but the long ones; ARGS="tests/ground -x" for some
	@$(BIN)/python -m pytest --numprocesses $(TESTERS) --dist worksteal $(ARGS)

check: lint types imports template requirements ## lint, format, types, imports, deploy template, pinned packages

browser: setup system tools ## look at every kind of page in every phase, language, colour scheme and width
	@$(BIN)/python -m pytest -m matrix $(ARGS)

bench: setup system ## print the measurements of bench/ beside what is aimed at
	@$(call NPM_INSTALL,bench,bench/page.py)
	@for file in bench/*.py; do [ ! -e "$$file" ] || $(BIN)/python "$$file" || exit 1; done

faults: setup system ## kill, cut and race things for minutes
	@$(BIN)/python -m pytest -m faults

golden: setup ## write the golden files anew; read the diff before committing it
	@$(BIN)/python -m pytest --update-golden

screenshots: setup system ## make docs/screenshots anew; look at them before committing them
	@PYTHONPATH=. $(BIN)/python tests/browser/screenshots.py

fix: setup ## mend what ruff can mend
	@$(BIN)/ruff check --fix . ; $(BIN)/ruff format .

lock: setup ## pin the packages of pyproject.toml and package.json with their hashes
	@$(COMPILE) --output-file requirements.txt
	@$(COMPILE_DEV) --output-file requirements-dev.txt
	@for folder in tests/browser bench; do \
	  $(NPM) install --package-lock-only --omit-lockfile-registry-resolved >/dev/null || exit 1; done

system: ## install the programs that tests need: as root with apt-get, else say what is missing
	@missing() { \
	  command -v initdb >/dev/null || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || echo postgresql; \
	  command -v chromium >/dev/null || echo chromium; \
	  command -v node >/dev/null || echo nodejs; \
	  command -v npm >/dev/null || echo npm; \
	  command -v java >/dev/null || echo default-jre-headless; \
	  command -v wrk >/dev/null || echo wrk; \
	  ls /usr/lib/*/faketime/libfaketimeMT.so.1 /usr/lib/faketime/libfaketimeMT.so.1 2>/dev/null | grep -q . || echo faketime; \
	  fc-list 2>/dev/null | grep -q . || echo fonts-dejavu-core; \
	}; \
	need=$$(missing); \
	[ -n "$$need" ] || exit 0; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  export DEBIAN_FRONTEND=noninteractive; \
	  apt-get update -qq </dev/null && apt-get install -qq --no-install-recommends $$need </dev/null; \
	fi; \
	need=$$(missing); \
	[ -n "$$need" ] || exit 0; \
	echo "Not installed:" $$need". Tests that need them will fail and say so:"; \
	for package in $$need; do case $$package in \
	  postgresql) echo "  postgresql: the contract tests of the database" ;; \
	  chromium) echo "  chromium: the tests in a browser; make test ARGS=\"-m 'not browser and not faults'\" leaves them out" ;; \
	  nodejs|npm) echo "  $$package: tests/browser/test_accessibility.py, test_markup.py, and bench/page.py" ;; \
	  wrk) echo "  wrk: bench/webhook.py" ;; \
	  default-jre-headless) echo "  $$package: tests/browser/test_markup.py, which checks markup by a Java program" ;; \
	  faketime) echo "  faketime: the stories whose processes live at another time" ;; \
	  *) echo "  $$package: any font will do; without one, screenshots have no letters" ;; \
	esac; done

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: setup
	$(BIN)/mypy $(CODE)

imports: setup
	$(BIN)/lint-imports

template: setup
	$(BIN)/cfn-lint deploy/*.yaml

tools:
	@$(call NPM_INSTALL,tests/browser,tests/browser/test_accessibility.py and test_markup.py)

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
