"""What a reader takes home: the module as a wheel and the whole book as a zip."""

import ast
import re
import sys
import zipfile
from email.parser import Parser
from importlib.metadata import packages_distributions

import jupytext
import pytest
import take_home  # from book/_ext, which `pages` puts on the path
from pages import CHAPTERS, HTML, PAGES, ROOT, soup, visit

WHEEL = HTML / "notebooks" / take_home.WHEEL
ZIP = HTML / f"{take_home.ZIP}.zip"


def contents(folder):
    """The names and sizes of all files."""
    files = (path for path in folder.rglob("*") if path.is_file() and path.name[0] != ".")
    return {path.relative_to(folder).as_posix(): path.stat().st_size for path in files}


def test_wheel_is_the_module_with_its_data():
    module = {path.relative_to(ROOT).as_posix(): path.read_bytes() for path in (ROOT / "course_rl").rglob("*")
              if path.is_file() and "__pycache__" not in path.parts}
    with zipfile.ZipFile(WHEEL) as wheel:
        assert {name: wheel.read(name) for name in wheel.namelist() if ".dist-info/" not in name} == module


def test_wheel_declares_what_the_chapters_import():
    with zipfile.ZipFile(WHEEL) as wheel:
        name, = [name for name in wheel.namelist() if name.endswith("/METADATA")]
        metadata = Parser().parsestr(wheel.read(name).decode())
    declared = {needed for needed in metadata.get_all("Requires-Dist") if "extra" not in needed}
    imported = set()
    for chapter in CHAPTERS:
        for cell in jupytext.read(ROOT / f"{chapter}.md").cells:
            if cell.cell_type == "code":
                for node in ast.walk(ast.parse(cell.source)):
                    if isinstance(node, ast.Import):
                        imported |= {alias.name.partition(".")[0] for alias in node.names}
                    elif isinstance(node, ast.ImportFrom):
                        imported.add(node.module.partition(".")[0])
    packages = packages_distributions()
    others = imported - set(sys.stdlib_module_names) - {"course_rl"}
    assert len(others) > 4 and {packages[name][0] for name in others} <= declared


def test_the_same_sources_give_the_same_files(tmp_path):
    take_home.make_wheel(tmp_path)
    assert (tmp_path / WHEEL.name).read_bytes() == WHEEL.read_bytes()
    notebook = jupytext.writes(take_home.make_notebook(ROOT / "chapters" / "mdp.md"), "ipynb")
    assert notebook.strip() == (HTML / "notebooks" / "mdp.ipynb").read_text(encoding="utf8").strip()


def test_zip_is_the_whole_book_and_opens_from_a_folder(context, tmp_path):
    with zipfile.ZipFile(ZIP) as book:
        names = book.namelist()
        assert names == sorted(names)
        assert {entry.date_time for entry in book.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        book.extractall(tmp_path)
    unzipped = tmp_path / take_home.ZIP
    assert contents(unzipped) == {name: size for name, size in contents(HTML).items() if name != ZIP.name}

    tab, wrong = visit(context, unzipped / "index")
    tab.locator("nav.bd-links a[href$='chapters/mdp.html']").first.click()
    tab.locator("mjx-container").first.wait_for(state="attached")
    assert tab.url == (unzipped / "chapters" / "mdp.html").as_uri()
    assert not wrong


@pytest.mark.parametrize("page", PAGES)
def test_chapters_offer_their_notebook_and_the_module(page):
    links = [link["href"] for link in soup(HTML / f"{page}.html").select(".dropdown-download-buttons a")]
    offered = [link for link in links if re.search(r"\.(ipynb|whl)$", link)]
    notebook = page.replace("chapters/", "../notebooks/") + ".ipynb"
    assert offered == ([notebook, f"../notebooks/{WHEEL.name}"] if page in CHAPTERS else [])
