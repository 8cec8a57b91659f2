# Two commands for everybody: `make run` (set-up and the demonstration), `make test`
# (set-up and the tests). For contributors: `make check`, `make bench`, `make attack`, `make nightly`, `make site`, `make outdated`,
# `make pins`.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
PROJECT := $(PIP) install --no-deps --no-build-isolation --editable .
PACKAGE := federation scripts tests

# Programs are compiled once: a slow test starts some twenty, each of 300 files of ours.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: run test check bench attack nightly docs site outdated pins clean
.DELETE_ON_ERROR:

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' \
	  || { echo "Python 3.11, 3.12 or 3.13 is needed: make PYTHON=python3.12 …"; exit 1; }
	@$(PYTHON) -m venv $(VENV) \
	  || { echo "On Debian and Ubuntu: apt-get install python3-venv"; exit 1; }

# Hashes are checked for every file; the project itself is linked, not copied.
$(VENV)/.run: requirements.txt pyproject.toml | $(VENV)/bin/python
	@echo "Memasang paket (sekali saja) / installing packages (once) …" >&2
	@$(PIP) install --require-hashes -r requirements.txt
	@$(PROJECT)
	@touch $@

$(VENV)/.dev: requirements-dev.txt requirements-browser.txt pyproject.toml | $(VENV)/bin/python
	@echo "Memasang paket (sekali saja) / installing packages (once) …" >&2
	@$(PIP) install --require-hashes -r requirements-dev.txt
	@$(PIP) install --require-hashes --no-deps -r requirements-browser.txt
	@$(PROJECT)
	@touch $@ $(VENV)/.run

# make run [DATA=$FEDERATION_SHARED/data/pilpres2019] [ARGS="--once --json"]
run: $(VENV)/.run
	@$(BIN)/python -m federation demo $(if $(DATA),--data $(DATA)) $(ARGS)

# make test [T=tests/flows]: the quick ones of floors 0 to 4, and how a record is taken in, merged
# and asked for. `make check` runs those of every folder.
QUICK := not slow and not long
FIRST := $(addprefix tests/,blobs config feeds photos profiles records schemas sources store text tlog) \
	tests/test_*.py $(patsubst %,tests/flows/test_%.py,ingest merge query)
test: $(VENV)/.dev
	$(BIN)/python -m pytest -n 2 -m "$(QUICK)" $(or $(T),$(FIRST))

# Of the stories (real processes, killed, cut off, lost and put back) on PostgreSQL: all but those of
# these files, a minute or more each, or of a bucket or a proxy; LONG=1: all. Never those of a file.
APART := $(addprefix tests/stories/test_,answers.py embargo.py full_bucket.py kill_import.py \
	proxied.py publish_bucket.py reports.py successor.py uploads_bucket.py usb.py)
STORIES := $(if $(LONG),tests/stories,$(filter-out $(APART),$(wildcard tests/stories/test_*.py)) \
	tests/stories/test_reports.py::test_whatever_does_get_out_is_found_on_every_way)

# What is covered is counted in the quick tests only: counted, each process that a slow one starts
# takes half as long again. Some wait as long as they work: four at a time. Of the slow ones only
# files that have some are looked through: collecting all takes half a minute. LONG=1: those of
# minutes, too (on a file most stories, how-tos typed, every way of installing, every proxy).
FOUR := -n 4 --dist worksteal
SLOW := $(if $(LONG),slow or long,slow and not long)
check: $(VENV)/.dev
	$(BIN)/ruff format --check $(PACKAGE)
	$(BIN)/ruff check $(PACKAGE)
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest $(FOUR) -m "$(QUICK)"
	$(BIN)/python -m pytest $(FOUR) -m "$(SLOW)" $$(grep -rlE "mark\.(slow|long)" --include="test_*.py" tests)
	$(BIN)/python -m pytest $(FOUR) --engine postgresql -m "not long and not of_file" tests/flows
	$(BIN)/python -m pytest $(FOUR) --engine postgresql -m "(slow or long) and not of_file" $(STORIES)
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

bench: $(VENV)/.dev
	$(BIN)/python -m tests.bench $(ARGS)

# Attacks with figures, bounded, on loopback: make attack ARGS="NAME …"; alone: their names
attack: $(VENV)/.dev
	$(BIN)/python -m tests.attacks $(ARGS)

# Clusters of several machines, on loopback: what needs Patroni, etcd, HAProxy, radosgw
# or a network of its own. It installs nothing and says what is missing: make nightly [ARGS="PART … --rounds 2"]
nightly: $(VENV)/.dev
	@$(BIN)/python -m tests.nightly $(ARGS)

# Everything in docs/ and schemas/ that the code writes
docs: $(VENV)/.dev
	$(BIN)/python scripts/make_schemas.py
	$(BIN)/python scripts/make_vectors.py
	$(BIN)/python scripts/make_docs.py
	$(BIN)/python scripts/make_records_page.py
	$(BIN)/python scripts/make_dataset_page.py
	$(BIN)/python scripts/make_errors_page.py
	$(BIN)/python scripts/make_access_page.py
	$(BIN)/python scripts/make_import_page.py
	$(BIN)/python scripts/make_personal_page.py
	$(BIN)/python scripts/make_duplicates_page.py
	$(BIN)/python scripts/make_hostile_inputs.py
	$(BIN)/python scripts/make_damage.py
	$(BIN)/python scripts/make_broken.py
	$(BIN)/python scripts/make_installed.py
	$(BIN)/python scripts/make_page.py

# The documents as pages to read and search, in build/site: no server, no other host. What
# builds them has an environment of its own, so that the package's stays small
SITE := .venv-site
$(SITE)/.ready: scripts/site/requirements.txt
	@$(PYTHON) -m venv $(SITE)
	@$(SITE)/bin/python -m pip --disable-pip-version-check --quiet install --require-hashes \
	  --only-binary :all: -r $<
	@touch $@

# make site [ARGS="DOCS OUT"]
site: $(SITE)/.ready
	@$(SITE)/bin/python scripts/site/build.py $(ARGS)

# Pins that are behind their newest release
outdated: $(VENV)/.dev
	@$(BIN)/python scripts/list_outdated.py

# New pins after a change of pyproject.toml; with UPGRADE=NAME the newest of one package.
# The files name no package index
PIN := compile --quiet --generate-hashes --no-emit-index-url --no-emit-trusted-host \
  --no-emit-find-links --no-header --strip-extras --allow-unsafe --no-annotate $(if $(UPGRADE),--upgrade-package $(UPGRADE))
pins:
	@$(PYTHON) -m venv .venv-pins && .venv-pins/bin/pip install --quiet pip-tools
	@echo 'flit_core>=3.12,<5' > .venv-pins/build.in
	.venv-pins/bin/pip-$(PIN) -o requirements.txt .venv-pins/build.in pyproject.toml
	.venv-pins/bin/pip-$(PIN) --extra dev -c requirements.txt -o requirements-dev.txt \
	  .venv-pins/build.in pyproject.toml
	.venv-pins/bin/pip-$(PIN) -o scripts/site/requirements.txt scripts/site/requirements.in
	sed -i '/considered to be unsafe/d' requirements.txt requirements-dev.txt \
	  scripts/site/requirements.txt
	rm -rf .venv-pins

clean:
	rm -rf $(VENV) $(SITE) build demo-data
