"""The pages around the chapters agree with the module, the tests and each other."""

import re
import runpy
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
BOOK = ROOT / "book"
PAGES = sorted([*BOOK.glob("*.md"), *ROOT.glob("chapters/*.md")])
TERM = re.compile(r"^(\S.*)\n\[(.*)\]\{\.language-zh-CN\}\n\[(.*)\]\{\.language-ru\}\n  \S", re.MULTILINE)
DRAWINGS = runpy.run_path(str(ROOT / "img" / "draw.py"))["FIGURES"]


def read(path):
    return path.read_text(encoding="utf8")


def columns(page, head):
    """The cells below `head` in all tables of a page."""
    cells, place = [], None
    for line in read(page).splitlines():
        row = [cell.strip() for cell in line[1:-1].split("|")] if line.startswith("|") else []
        if not row:
            place = None
        elif head in row:
            place = row.index(head)
        elif place is not None and place < len(row) and not set(row[place]) <= {"-"}:
            cells.append(row[place])
    return cells


def code(cells):
    return {name for span in re.findall("`(.+?)`", " ".join(cells)) for name in re.findall(r"[\w.]+", span)}


def test_glossary_has_every_term_in_three_languages_and_once():
    terms = TERM.findall(read(BOOK / "glossary.md"))
    assert len(terms) >= 60
    assert len(terms) == read(BOOK / "glossary.md").count("{.language-zh-CN}\n[")
    assert all(re.search("[\u4e00-\u9fff]", zh) and re.search("[а-яё]", ru) for _, zh, ru in terms)
    for names in zip(*terms, strict=True):
        assert [name for name, n in Counter(map(str.lower, names)).items() if n > 1] == []


def test_glossary_is_in_alphabetical_order():
    terms = [en.lower().replace("ε", "epsilon") for en, _, _ in TERM.findall(read(BOOK / "glossary.md"))]
    assert terms == sorted(terms)


def test_every_test_named_on_the_verification_page_exists():
    named = re.findall(r"(test_\w+\.py)(?:::(test_\w+))?`", read(BOOK / "verification.md"))
    lost = [
        (file, test)
        for file, test in named
        if not (ROOT / "tests" / file).exists() or f"def {test}" not in read(ROOT / "tests" / file)
    ]
    assert len(named) > 20 and not lost


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_citation_is_in_the_bibliography(page):
    keys = re.findall(r"^@\w+\{([^,]+),", read(BOOK / "references.bib"), re.MULTILINE)
    cited = set(re.findall(r"[\w-]+", ",".join(re.findall(r"\{cite[\w:]*\}`([^`]+)`", read(page)))))
    assert len(keys) == len(set(keys))
    assert sorted(cited - set(keys)) == []


def test_every_name_in_the_notation_is_a_name_in_the_module():
    words = {word for file in (ROOT / "course_rl").rglob("*.py") for word in re.findall(r"\w+", read(file))}
    names = code(columns(BOOK / "notation.md", "In the code"))
    assert {"obs", "terminated", "truncated", "ended", "discount", "td_error", "frozen", "sync"} <= names
    assert sorted(names - words) == []


@pytest.mark.parametrize("name", DRAWINGS)
def test_drawings_are_those_of_the_script_and_legible_on_a_phone(name):
    svg = read(ROOT / "img" / f"{name}.svg")
    assert svg == DRAWINGS[name](), "run python img/draw.py"
    assert "<title>" in svg and "href" not in svg
    if name not in ("logo", "favicon"):
        width = int(re.search(r'<svg[^>]* width="(\d+)"', svg)[1])
        assert min(map(int, re.findall(r'font-size="(\d+)"', svg))) * 328 / width >= 14
