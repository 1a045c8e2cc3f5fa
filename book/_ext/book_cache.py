"""The execution cache of the book: a jupyter-cache for each state of the engine, the lock and Python."""

import hashlib
import os
import platform
import shutil
from pathlib import Path

import yaml
from jupyter_cache import get_cache
from jupyter_cache.cache.db import NbCacheRecord
from jupyter_cache.cache.main import JupyterCacheBase
from myst_nb.core.read import is_myst_markdown_notebook, read_myst_markdown_notebook
from myst_parser.config.main import MdParserConfig
from nbformat import NotebookNode
from sqlalchemy.exc import SQLAlchemyError

PAGE_ONLY = {".js", ".css"}  # what live agents are drawn by computes no cell: pages get it as it is now
KEPT = 3  # states of the engine whose executions are kept, so that undoing a change is free
KERNEL_ENVIRONMENT = {  # one thread, or two kernels fight over two cores; no progress bars in built pages
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "TQDM_DISABLE": "1",
}


def engine_hash(root: Path) -> str:
    """Hash all that decides what a cell computes, besides the cell itself."""
    state = hashlib.sha256(platform.python_version().encode())
    files = sorted(file for file in (root / "course_rl").rglob("*") if file.is_file())
    engine = [file for file in files if "__pycache__" not in file.parts and file.suffix not in PAGE_ONLY]
    for file in [root / "constraints.txt", root / "requirements.txt", *engine]:
        state.update(file.relative_to(root).as_posix().encode() + b"\0" + file.read_bytes() + b"\0")
    return state.hexdigest()[:16]


def cache_path(root: Path) -> Path:
    """Return the folder of this engine's executions."""
    return root / "_build" / ".cache" / engine_hash(root)


def open_cache(root: Path) -> JupyterCacheBase:
    """Open this engine's executions, mended if a build was killed, and forget those of old engines."""
    path = cache_path(root)
    path.mkdir(parents=True, exist_ok=True)
    os.utime(path)
    others = sorted(path.parent.iterdir(), key=lambda folder: folder.stat().st_mtime, reverse=True)
    for folder in others[KEPT:]:
        shutil.rmtree(folder, ignore_errors=True)
    try:
        drop_half_written(get_cache(path))
    except (RuntimeError, SQLAlchemyError):  # the database itself is broken
        shutil.rmtree(path)
    cache = get_cache(path)
    cache.list_cache_records()  # creates the database before two processes want to
    return cache


def drop_half_written(cache: JupyterCacheBase) -> None:
    """Drop the records without a readable notebook, and the notebooks without a record."""
    whole = set()
    for record in cache.list_cache_records():
        try:
            cache.get_cache_bundle(record.pk)
            whole.add(record.hashkey)
        except (KeyError, ValueError):
            NbCacheRecord.remove_records([record.pk], cache.db)
    for folder in cache.path.glob("executed/*"):
        if folder.name not in whole:
            shutil.rmtree(folder)


def kernel_environment() -> None:
    """Give this process, and so the kernels it starts, the environment in which chapters run."""
    for name, value in KERNEL_ENVIRONMENT.items():
        os.environ.setdefault(name, value)


def documents(root: Path) -> list[str]:
    """Return the pages of the table of contents, in its order."""

    def files(entry):
        for key, value in entry.items():
            if key in ("root", "file"):
                yield value
            elif isinstance(value, list):
                for child in value:
                    yield from files(child)

    return list(files(yaml.safe_load((root / "_toc.yml").read_text(encoding="utf8"))))


def read_notebook(root: Path, document: str) -> NotebookNode | None:
    """Read a page exactly as Sphinx will, so that its cells hash alike; None where it has none."""
    path = root / f"{document}.md"
    if not path.exists():
        raise SystemExit(f"_toc.yml lists {document}, but there is no file {path}")
    text = path.read_text(encoding="utf8")
    if not is_myst_markdown_notebook(text):
        return None
    parse = yaml.safe_load((root / "_config.yml").read_text(encoding="utf8"))["parse"]
    config = MdParserConfig(enable_extensions=set(parse["myst_enable_extensions"]))
    return read_myst_markdown_notebook(text, config, add_source_map=True, path=path)
