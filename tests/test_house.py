"""The builder, on a tiny book: what is executed again, and what a failure or a kill leaves."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "book" / "_ext"))

import book_cache  # noqa: E402

CHAPTER = """---
jupytext:
  text_representation:
    extension: .md
    format_name: myst
kernelspec:
  display_name: Python 3
  language: python
  name: python3
---

# Chapter {name}

A sentence.

```{{code-cell}} ipython3
import time
from pathlib import Path
with Path("../ran").open("a") as log:
    print("{name}", file=log)
print("✓ claim: {name} holds — 1 of 1")
```

```{{code-cell}} ipython3
while Path("../hold-{name}").exists():
    time.sleep(0.1)
```
"""


@pytest.fixture
def tree(tmp_path):
    """A book of two chapters, with the real builder, extension and configuration."""
    for name in ["book/_ext", "book/_static", "book/_templates", "img"]:
        shutil.copytree(ROOT / name, tmp_path / name)
    for name in ["book/build.py", "_config.yml", "constraints.txt", "requirements.txt", "pyproject.toml",
                 "LICENSE"]:
        shutil.copy(ROOT / name, tmp_path / name)
    files = {
        "_toc.yml": "format: jb-book\nroot: index\nchapters:\n- file: chapters/one\n- file: chapters/two\n",
        "index.md": "# Tiny\n\n```{claims}\n```\n",
        "book/references.bib": "",
        "course_rl/engine.py": "x = 1\n",
        "chapters/one.md": CHAPTER.format(name="one"),
        "chapters/two.md": CHAPTER.format(name="two"),
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf8")
    return tmp_path


def start(tree):
    """Start a build."""
    environment = {name: value for name, value in os.environ.items() if name != "MAKELEVEL"}
    return subprocess.Popen([sys.executable, tree / "book" / "build.py"], stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, encoding="utf8", env=environment)


def build(tree):
    """Build; return the exit status and what was said."""
    process = start(tree)
    said, _ = process.communicate(timeout=120)
    return process.returncode, said


def ran(tree):
    """Return the names of the chapters in the order in which they were executed, and forget them."""
    log = tree / "ran"
    names = log.read_text().split() if log.exists() else []
    log.unlink(missing_ok=True)
    return sorted(names)


def wait_for(tree, name):
    """Wait until a chapter has begun to execute."""
    log, end = tree / "ran", time.monotonic() + 60
    while not (log.exists() and name in log.read_text().split()):
        assert time.monotonic() < end, f"{name} did not begin"
        time.sleep(0.1)


def edit(path, old, new):
    """Replace a text that is there."""
    text = path.read_text(encoding="utf8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf8")


def page(tree, name):
    """Return a published page."""
    return (tree / "_build" / "html" / name).read_text(encoding="utf8")


def test_only_what_changed_is_executed_and_every_page_is_fresh(tree):
    status, said = build(tree)
    assert status == 0, said
    assert ran(tree) == ["one", "two"]
    assert "one holds" in page(tree, "index.html") and "two holds" in page(tree, "index.html")

    edit(tree / "chapters" / "one.md", "A sentence.", "Another sentence.")
    status, said = build(tree)
    assert status == 0, said
    assert ran(tree) == []
    assert "Another sentence." in page(tree, "chapters/one.html")

    edit(tree / "chapters" / "one.md", "one holds", "one still holds")
    status, said = build(tree)
    assert status == 0, said
    assert ran(tree) == ["one"]
    assert "one still holds" in page(tree, "index.html")

    edit(tree / "course_rl" / "engine.py", "x = 1", "x = 2")
    status, said = build(tree)
    assert status == 0, said
    assert ran(tree) == ["one", "two"]

    plain = [sys.executable, "-c", "from jupyter_book.cli.main import main; main()", "build", str(tree)]
    subprocess.run(plain, check=True, capture_output=True)
    assert ran(tree) == []


def test_a_failing_cell_stops_the_build_and_publishes_nothing(tree):
    edit(tree / "chapters" / "two.md", "while Path", "Path('a').no_such_method()\nwhile Path")
    status, said = build(tree)
    assert status != 0
    assert "chapters/two: code cell 2 failed" in said
    assert "Path('a').no_such_method()" in said and "AttributeError" in said
    assert not (tree / "_build" / "html").exists()


def test_a_warning_stops_the_build_and_publishes_nothing(tree):
    (tree / "_toc.yml").write_text("format: jb-book\nroot: index\n")
    edit(tree / "index.md", "# Tiny", "# Tiny\n\nSee {ref}`nowhere`.")
    for _ in range(2):  # the second build must not forget the warning
        status, said = build(tree)
        assert status != 0
        assert "index.md:3" in said and "nowhere" in said
        assert not (tree / "_build" / "html").exists()


def test_a_killed_build_resumes_and_leaves_nothing_at_work(tree):
    (tree / "hold-two").touch()
    process = start(tree)
    while "chapters/one" not in (line := process.stdout.readline()):
        assert process.poll() is None and line
    wait_for(tree, "two")
    children = psutil.Process(process.pid).children(recursive=True)
    assert len(children) >= 2, "the second chapter's process and its kernel"
    process.kill()
    process.wait()
    process.stdout.close()  # not to the end: a child that lived on would hold it open
    _, alive = psutil.wait_procs(children, timeout=15)
    assert not alive
    assert ran(tree) == ["one", "two"]
    assert not (tree / "_build" / "html").exists()

    (tree / "hold-two").unlink()
    status, said = build(tree)
    assert status == 0, said
    assert ran(tree) == ["two"]
    assert "two holds" in page(tree, "index.html")


def test_two_builds_do_not_meet(tree):
    (tree / "hold-two").touch()
    first, second = start(tree), start(tree)
    wait_for(tree, "two")
    time.sleep(8)  # the other build comes to the closed door
    (tree / "hold-two").unlink()
    said = first.communicate(timeout=120)[0], second.communicate(timeout=120)[0]
    assert first.returncode == second.returncode == 0, said
    assert sum("waiting for it" in text for text in said) == 1
    assert ran(tree) == ["one", "two"]


def cached(tree):
    """Put chapter one into the cache as if executed; return the folder of its notebook."""
    from jupyter_cache.base import CacheBundleIn

    cache, notebook = book_cache.open_cache(tree), book_cache.read_notebook(tree, "chapters/one")
    record = cache.cache_notebook_bundle(CacheBundleIn(notebook, "one", data={}), check_validity=False)
    return cache.path / "executed" / record.hashkey


HARMS = ["half a notebook", "no notebook", "no record", "no database", "half a database"]


@pytest.mark.parametrize("harm", HARMS)
def test_the_cache_survives_what_a_kill_may_leave(tree, harm):
    folder = cached(tree)
    database = folder.parent.parent / "global.db"
    if harm == "half a notebook":
        notebook = folder / "base.ipynb"
        notebook.write_text(notebook.read_text()[:100])
    elif harm == "no notebook":
        (folder / "base.ipynb").unlink()
    elif harm in ("no record", "no database"):
        database.unlink()
        if harm == "no record":
            book_cache.get_cache(database.parent).list_cache_records()
    else:
        database.write_bytes(database.read_bytes()[:5000])
    with pytest.raises(KeyError):  # a miss, not a crash
        book_cache.open_cache(tree).match_cache_notebook(book_cache.read_notebook(tree, "chapters/one"))
    assert cached(tree) == folder


def test_old_engines_are_forgotten(tree):
    folders = []
    for x in range(5):
        (tree / "course_rl" / "engine.py").write_text(f"x = {x}")
        folders.append(book_cache.open_cache(tree).path)
        os.utime(folders[-1], (x, x))
    assert [folder.exists() for folder in folders] == [False, False, True, True, True]
