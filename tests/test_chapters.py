"""What the last build recorded of every chapter: nothing is executed here."""

import re
import statistics
import sys
from pathlib import Path

import jupytext
import pytest

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "book" / "_ext"))

import book_cache  # noqa: E402

PAGES = [page for page in book_cache.documents(ROOT) if book_cache.read_notebook(ROOT, page) is not None]
CHAPTERS = [page for page in PAGES if page.startswith("chapters/")]
COLD_BUILD = 900  # seconds on two cores for all that is executed: generous, machines are shared
CORES = 2


@pytest.fixture(scope="module")
def executed():
    """Return {page: (seconds, executed notebook)} of every page with cells."""
    cache, result = book_cache.open_cache(ROOT), {}
    for page in book_cache.documents(ROOT):
        notebook = book_cache.read_notebook(ROOT, page)
        if notebook is not None:
            record = cache.match_cache_notebook(notebook)
            result[page] = record.data["execution_seconds"], cache.merge_match_into_notebook(notebook)[1]
    return result


def code(notebook):
    """Return the code cells."""
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def outputs(notebook):
    """Yield (number of the cell, cell, output)."""
    for number, cell in enumerate(code(notebook), 1):
        for output in cell.outputs:
            yield number, cell, output


def test_the_book_has_chapters():
    assert len(CHAPTERS) >= 6


@pytest.mark.parametrize("page", PAGES)
def test_executed_within_its_budget(executed, page):
    seconds, notebook = executed[page]
    assert all(cell.execution_count for cell in code(notebook))
    assert seconds <= notebook.metadata["budget"], "the chapter's front matter states its budget in seconds"


def test_the_whole_book_retrains_in_time(executed):
    assert sum(seconds for seconds, _ in executed.values()) / CORES <= COLD_BUILD


@pytest.mark.parametrize("page", PAGES)
def test_jupyter_opens_the_same_notebook(executed, page):
    opened = jupytext.read(ROOT / f"{page}.md")
    assert [cell.source for cell in code(opened)] == [cell.source for cell in code(executed[page][1])]


@pytest.mark.parametrize("page", CHAPTERS)
def test_claims_something(executed, page):
    printed = "".join(output.get("text", "") for _, _, output in outputs(executed[page][1]))
    assert re.search(r"^✓ claim: \S", printed, re.MULTILINE)


@pytest.mark.parametrize("page", CHAPTERS)
def test_cells_are_short(executed, page):
    lengths = [len(cell.source.splitlines()) for cell in code(executed[page][1])]
    assert statistics.median(lengths) <= 8
    assert statistics.quantiles(lengths, n=10)[-1] <= 20


@pytest.mark.parametrize("page", PAGES)
def test_lines_fit(executed, page):
    long = [line for cell in code(executed[page][1]) for line in cell.source.splitlines() if len(line) > 80]
    assert not long


@pytest.mark.parametrize("page", PAGES)
def test_every_figure_has_alt_text(executed, page):
    for number, cell, output in outputs(executed[page][1]):
        if any(kind.startswith("image/") for kind in output.get("data", {})):
            alt = cell.metadata.get("mystnb", {}).get("image", {}).get("alt", "")
            assert len(alt) > 15, f"code cell {number}"


@pytest.mark.parametrize("page", PAGES)
def test_no_output_is_an_error_or_a_warning(executed, page):
    for number, _, output in outputs(executed[page][1]):
        assert output.output_type != "error", f"code cell {number}"
        assert output.get("name") != "stderr", f"code cell {number}: {output.text}"
        assert not re.search(r"Traceback|Warning:", output.get("text", "")), f"code cell {number}"
