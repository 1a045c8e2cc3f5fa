"""The Sphinx extension that packs the book to take home: notebooks, the module as a wheel, all as one zip."""

import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
import zipfile
from pathlib import Path

import jupytext
import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell

ROOT = Path(__file__).resolve().parent.parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf8"))["project"]
WHEEL = f"{PROJECT['name']}-{PROJECT['version']}-py3-none-any.whl"
ZIP = "deep-rl-proven"  # the name of the file and of the one folder in it
LONG_AGO = 315532800  # 1980, where the times of a zip begin: equal books are equal bytes
BEFORE = f"""\
This is a chapter of *Deep Reinforcement Learning, Proven*. With Python 3.11 or newer, run the next cell once:
it installs all that the chapter needs, the book's module from the file `{WHEEL}`.

- In the unzipped book that file stands beside this notebook.
- Did you download the notebook alone? Then put the file beside it (the same menu offers it), or write into
  the cell, in place of the file's name, its address: that of this notebook, with `{WHEEL}` as the last part.

JupyterLab shows figures, notes and exercises as the book does if it has the extension `jupyterlab-myst`."""


def add_buttons(app, pagename, templatename, context, doctree):
    """Offer a chapter's notebook, and the module that it needs, in the menu of downloads in the header."""
    if pagename.startswith("chapters/"):
        folder, notebook = context["pathto"]("notebooks", 1), f"{Path(pagename).name}.ipynb"
        for group in context["header_buttons"]:
            if group["label"] == "download-buttons":
                group["buttons"] += [
                    button(f"{folder}/{notebook}", "fa-code", "Download this chapter as a notebook"),
                    button(f"{folder}/{WHEEL}", "fa-cube", "Download the module that the notebook needs"),
                ]


def button(url, icon, tooltip):
    """Return a link of the theme's header."""
    kind = Path(url).suffix
    return {
        "type": "link", "url": url, "text": kind, "icon": f"fas {icon}", "tooltip": tooltip,
        "label": f"download-{kind[1:]}-button",
    }


def make_notebook(path):
    """Return a chapter as a notebook that runs anywhere: its cells after one that installs the module."""
    notebook = jupytext.read(path)
    needed = [WHEEL]
    if any("course_rl.atari" in cell.source for cell in notebook.cells if cell.cell_type == "code"):
        needed += PROJECT["optional-dependencies"]["atari"]
    notebook.cells[:0] = [new_markdown_cell(BEFORE), new_code_cell(f"%pip install -q {' '.join(needed)}")]
    for number, cell in enumerate(notebook.cells):
        cell.id = f"cell-{number}"
        if cell.cell_type == "markdown":
            cell.source = cell.source.replace("../img/", "img/")
    kernel = notebook.metadata.kernelspec
    notebook.metadata = {"kernelspec": kernel, "language_info": {"name": "python"}}
    nbformat.validate(notebook)
    return notebook


def make_wheel(folder):
    """Build the module's wheel without a network, in a copy, since setuptools leaves files behind."""
    with tempfile.TemporaryDirectory() as copy:
        no_cache = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / "course_rl", Path(copy) / "course_rl", ignore=no_cache)
        for name in ("pyproject.toml", "LICENSE"):
            shutil.copy(ROOT / name, copy)
        build = "import sys; from setuptools import build_meta; build_meta.build_wheel(sys.argv[1])"
        environment = os.environ | {"SOURCE_DATE_EPOCH": str(LONG_AGO), "PYTHONDONTWRITEBYTECODE": ""}
        subprocess.run([sys.executable, "-c", build, folder], cwd=copy, env=environment, check=True,
                       stdout=subprocess.DEVNULL)


def make_zip(html):
    """Put the whole built book into one zip, in a folder of its own."""
    target = html / f"{ZIP}.zip"
    target.unlink(missing_ok=True)
    files = sorted(path for path in html.rglob("*") if path.is_file() and path.name[0] != ".")
    with zipfile.ZipFile(target, "w") as book:
        for path in files:
            entry = zipfile.ZipInfo(f"{ZIP}/{path.relative_to(html).as_posix()}")  # dated 1980
            entry.external_attr = 0o644 << 16
            stored = path.suffix in (".png", ".whl", ".woff2")  # compressed already
            book.writestr(entry, path.read_bytes(), zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED)


def pack(app, exception):
    """Write what the reader takes home, when all else is written."""
    if exception is None and app.builder.name == "html":
        html = Path(app.outdir)
        folder = html / "notebooks"
        drawings = shutil.ignore_patterns("*.py")
        shutil.copytree(ROOT / "img", folder / "img", ignore=drawings, dirs_exist_ok=True)
        for page in app.env.found_docs:
            if page.startswith("chapters/"):
                nbformat.write(make_notebook(app.env.doc2path(page)), folder / f"{Path(page).name}.ipynb")
        make_wheel(folder)
        make_zip(html)


def setup(app):
    """Register the extension."""
    app.connect("html-page-context", add_buttons, priority=502)  # the theme makes its menu at 501
    app.connect("build-finished", pack, priority=999)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
