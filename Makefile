# book: build the book · test: every gate · lab: run the chapters in Jupyter · serve: read the built book on a local port
# bench: measure the engine against another library · fit: fit the recommender's users and films to ratings anew
# lint: ruff · audit: look for known vulnerabilities in the locked packages · clean: forget all that was built, keep .venv

PYTHON ?= python3
BIN := .venv/bin
START := $(shell date +%s)

.PHONY: book test lab serve bench fit lint audit clean

book: .venv/.book
	$(BIN)/python book/build.py

test: lint book .venv/.lab
	$(BIN)/python -m pytest -n 2 --dist worksteal
	@echo "make test: all gates passed in $$(( $$(date +%s) - $(START) )) s"

lint: .venv/.test
	$(BIN)/ruff check .

lab: .venv/.lab
	JUPYTER_CONFIG_DIR=$(CURDIR)/.venv/lab $(BIN)/jupytext-config set-default-viewer markdown
	JUPYTER_CONFIG_DIR=$(CURDIR)/.venv/lab $(BIN)/jupyter lab --ip=127.0.0.1 $(LAB)

serve: book
	$(BIN)/python -m http.server --bind 127.0.0.1 --directory _build/html

bench: .venv/.bench
	$(BIN)/python tests/bench.py

fit: .venv/.fit
	$(BIN)/python -m course_rl.movierec.fit

audit: .venv/.audit
	$(BIN)/pip-audit --requirement constraints.txt --no-deps --disable-pip --strict

clean:
	rm -rf _build

.venv/.book: requirements.txt constraints.txt pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install -r requirements.txt
	touch $@

.venv/.%: requirements-%.txt .venv/.book
	$(BIN)/python -m pip install -r $<
	touch $@
