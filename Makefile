# Everything a person types. Each target sets up what it needs first; what is up to date is left alone.
.DEFAULT_GOAL := help
SHELL := /bin/bash
VENV_PYTHON := .venv/bin/python
SLOW := browser chaos e2e scripts core/backup core/jobs/test_worker_kills.py registrations/test_concurrency_on_sqlite.py \
	registrations/test_concurrent_email_limit.py sessions/test_concurrent_edits.py api/test_schemathesis.py \
	walks/test_wrong_answers.py calendars/test_emptied_feeds.py \
	$(addprefix certificates/test_,renderer.py pdf.py pdf_fonts.py pdf_input.py pdf_layout.py pdf_pictures.py pdf_structure.py) \
	$(addprefix attacks/test_,cookies_and_transport.py s3_files_for_the_wrong_viewer.py s5_hidden_fields_in_search.py \
	s16_scripts_in_texts.py s27_shared_caches.py s31_huge_requests.py s32_posts_from_elsewhere.py s37_stalled_requests.py)

.PHONY: help run test test-fast test-postgres chaos mutants check format messages structure bench screenshots accessibility lock clean setup setup-tests

help: ## Show this list
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 18

run: setup ## Set up, migrate, load the demo once, start web and worker (PORT=8000)
	@exec $(VENV_PYTHON) scripts/run --demo

test: setup-tests ## Set up what tests need, run the whole suite (ARGS="-k seats" narrows it)
	@exec scripts/test $(ARGS)

test-fast: setup-tests ## Before a commit: all but browsers, kills, crowds, fuzzing, backup and renderer (3 minutes)
	@exec scripts/test -m "not slow" $(addprefix --ignore=tests/,$(SLOW)) $(ARGS)

test-postgres: setup-tests ## The same suite on a PostgreSQL of its own, thrown away afterwards
	@exec scripts/with_postgres scripts/test $(ARGS)

chaos: setup-tests ## Kills, stalls, a full disk, restarts and races at length, with their figures (15 minutes on 2 cores)
	@scripts/chaos $(ARGS)

check: setup-tests ## Format, lint, types, floors, migrations, translations, words, deployment settings
	@exec scripts/check

mutants: setup-tests ## Change the rules in hundreds of ways; each has to fail a test (ARGS="seats" narrows it)
	@exec $(VENV_PYTHON) -m mutants $(ARGS)

format: setup-tests ## Write Python the way `make check` wants it
	@.venv/bin/ruff check --fix-only --quiet . && .venv/bin/ruff format .

messages: setup-tests ## Bring locale/*/LC_MESSAGES/django.po up to date with the code
	@exec $(VENV_PYTHON) scripts/check_translations.py --write

structure: setup-tests ## Write docs/structure.md anew: modules, lines, who imports whom
	@exec $(VENV_PYTHON) scripts/structure.py

bench: setup-tests ## Run the benchmarks on a PostgreSQL of their own, print a table
	@FAST=0 exec scripts/with_postgres $(VENV_PYTHON) -m benchmarks $(ARGS)

screenshots: setup-tests ## Take the pictures of README and tour anew (ARGS="--sheet FOLDER": of every page in every way)
	@exec $(VENV_PYTHON) -m scripts.screenshots $(ARGS)

accessibility: setup-tests ## Examine every page in every language, scheme and width; the statement tells (half an hour)
	@exec $(VENV_PYTHON) -m scripts.accessibility $(ARGS)

lock: ## Choose versions anew within pyproject.toml and package.json
	@exec scripts/lock

clean: ## Remove everything that was installed or made; your data in var/ stays
	rm -rf .venv .venv-clients .venv-node .venv-lock node_modules build .make .mypy_cache .ruff_cache .pytest_cache \
		.hypothesis .import_linter_cache .schemathesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
	find locale -name '*.mo' -delete 2>/dev/null || true

setup:
	@scripts/setup

setup-tests:
	@scripts/setup tests
