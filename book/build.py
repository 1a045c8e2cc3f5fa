"""Build the book into _build/html: python book/build.py

Chapters that are not in the execution cache run in parallel, the most expensive first, one process each.
What has finished is in the cache at once, so a killed build goes on where it stopped. Sphinx works in
_build/.work. A complete book without a warning, and nothing else, becomes _build/html; until then the last
one stands in _build/previous.
"""

import contextlib
import io
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "book" / "_ext"))

import book_cache  # noqa: E402
from jupyter_cache.base import CacheBundleIn  # noqa: E402
from jupyter_cache.executors.utils import single_nb_execution  # noqa: E402
from nbclient.exceptions import DeadKernelError  # noqa: E402

BUILD = ROOT / "_build"
WORK = BUILD / ".work"
CELL_TIMEOUT = 600  # seconds
STARTS = 3  # tries to start a kernel
DEFAULT_BUDGET = 60  # seconds


def build() -> None:
    """Execute what is not in the cache, build the pages, publish them."""
    start = time.monotonic()
    BUILD.mkdir(exist_ok=True)
    with alone():
        withdraw()
        execute_all()
        make_pages()
        publish()
    print(f"built in {time.monotonic() - start:.0f} s: {BUILD / 'html' / 'index.html'}")


@contextlib.contextmanager
def alone():
    """Wait until no other build works in this tree; a killed process cannot leave this lock behind."""
    with contextlib.closing(sqlite3.connect(BUILD / ".lock", timeout=0, isolation_level=None)) as lock:
        try:
            lock.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError:
            print("another build is at work in this tree: waiting for it", flush=True)
            lock.execute("PRAGMA busy_timeout = 3600000")
            lock.execute("BEGIN EXCLUSIVE")
        yield


def withdraw() -> None:
    """Take the last book out of _build/html, so that nothing there is older than its sources."""
    if (BUILD / "html").exists():
        shutil.rmtree(BUILD / "previous", ignore_errors=True)
        (BUILD / "html").rename(BUILD / "previous")


def execute_all() -> None:
    """Execute the pages that are not in the cache, as many at a time as there are cores."""
    cache = book_cache.open_cache(ROOT)
    notebooks = {page: book_cache.read_notebook(ROOT, page) for page in book_cache.documents(ROOT)}
    waiting, running = [], {}
    for page, notebook in notebooks.items():
        if notebook is not None:
            try:
                seconds = cache.match_cache_notebook(notebook).data["execution_seconds"]
                print(f"{page:28} cached ({seconds:.0f} s when it ran)", flush=True)
            except KeyError:
                waiting.append(page)
    waiting.sort(key=lambda page: notebooks[page].metadata.get("budget", DEFAULT_BUDGET))
    if waiting:
        import matplotlib.font_manager  # noqa: F401  its first import writes a font cache and says so
    try:
        while waiting or running:
            while waiting and len(running) < (os.cpu_count() or 2):
                page = waiting.pop()
                command = [sys.executable, __file__, "--execute", page]
                running[page] = subprocess.Popen(command, stdin=subprocess.PIPE)
            time.sleep(0.1)
            for page, process in list(running.items()):
                if process.poll() is not None:
                    del running[page]
                    if process.returncode:
                        raise SystemExit(f"the build stopped at {page}; no page was published")
                    seconds = cache.match_cache_notebook(notebooks[page]).data["execution_seconds"]
                    print(f"{page:28} executed in {seconds:.0f} s", flush=True)
    finally:
        for process in running.values():
            process.kill()


def execute(page: str) -> None:
    """Execute one page and put it in the cache, in a process of its own that ends with its parent."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=lambda: (sys.stdin.read(), os._exit(1)), daemon=True).start()
    cache, engine = book_cache.open_cache(ROOT), book_cache.engine_hash(ROOT)
    path, notebook, begun = ROOT / f"{page}.md", book_cache.read_notebook(ROOT, page), []
    try:
        result = run_cells(notebook, path, begun)
        error = result.err
    except DeadKernelError as dead:
        error = dead
    if error is not None:
        number = sum(cell.cell_type == "code" for cell in notebook.cells[: begun[-1] + 1])
        raise SystemExit(f"\n{page}: code cell {number} failed\n\n{error}")
    if book_cache.engine_hash(ROOT) != engine:
        raise SystemExit(f"\n{page}: course_rl or the lock changed while it ran; build again")
    bundle = CacheBundleIn(notebook, str(path), data={"execution_seconds": result.time})
    cache.cache_notebook_bundle(bundle, check_validity=False, overwrite=True)


def run_cells(notebook, path, begun):
    """Execute a notebook in place, noting in `begun` the index of every cell that begins."""
    for attempt in range(STARTS):
        try:
            return single_nb_execution(
                notebook, cwd=str(path.parent), timeout=CELL_TIMEOUT, allow_errors=False,
                on_cell_start=lambda cell, cell_index: begun.append(cell_index),
                extra_arguments=["--log-level=ERROR"],
            )
        except RuntimeError:  # kernels choose their ports before they take them: two may collide
            if begun or attempt + 1 == STARTS:
                raise


def make_pages() -> None:
    """Run Jupyter Book in _build/.work, always from nothing: it takes seconds, and no page can be stale."""
    from jupyter_book.cli.main import main as jupyter_book

    shutil.rmtree(WORK, ignore_errors=True)
    options = ["--path-output", str(WORK), "-q", "-nW", "--keep-going"]
    try:
        with contextlib.redirect_stdout(io.StringIO()):  # what goes wrong is said on stderr
            jupyter_book(["build", str(ROOT), *options], standalone_mode=False)
    except (RuntimeError, SystemExit):
        raise SystemExit("Sphinx failed or warned; no page was published") from None


def publish() -> None:
    """Put the finished pages in place by one rename."""
    (WORK / "_build" / "html").rename(BUILD / "html")
    shutil.rmtree(WORK)
    shutil.rmtree(BUILD / "previous", ignore_errors=True)


def end_with(parent: int) -> None:
    """End this process when its parent is gone."""
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)


if __name__ == "__main__":
    book_cache.kernel_environment()
    if "MAKELEVEL" in os.environ:  # a killed make must not leave its build at work
        threading.Thread(target=end_with, args=[os.getppid()], daemon=True).start()
    if sys.argv[1:2] == ["--execute"]:
        execute(sys.argv[2])
    else:
        build()
