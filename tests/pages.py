"""The built pages as a reader has them: opened as files in a real Chromium, without a network."""

import shutil
import sys
import time
from pathlib import Path

from bs4 import BeautifulSoup

ROOT = Path(__file__).resolve().parent.parent
HTML = ROOT / "_build" / "html"
sys.path.insert(0, str(ROOT / "book" / "_ext"))

import book_cache  # noqa: E402

PAGES = book_cache.documents(ROOT)
CHAPTERS = [page for page in PAGES if page.startswith("chapters/")]
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"]
PHONE = {"width": 360, "height": 740}
DESKTOP = {"width": 1280, "height": 900}


def chromium():
    """Debian's Chromium, or one that is on the path."""
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    assert path, "these tests need Chromium: apt-get install chromium"
    return path


def until(tab, truth, arg=None, timeout=20):
    """Wait until JavaScript is true in a tab; Playwright's own waiting is forbidden by the pages' policy."""
    end = time.monotonic() + timeout
    while not (value := tab.evaluate(truth, arg)):
        assert time.monotonic() < end, f"{truth} did not become true in {timeout} s"
        tab.wait_for_timeout(50)
    return value


def visit(context, page):
    """Open a page of the book; return it with the list of what went wrong, which goes on growing."""
    tab, wrong = context.new_page(), []
    tab.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
    tab.on("pageerror", lambda error: wrong.append(str(error)))
    tab.on("requestfailed", lambda request: wrong.append(request.url)
           if request.failure != "net::ERR_ABORTED" else None)  # a page that was left early
    tab.on("request", lambda request: wrong.append(request.url) if request.url.startswith("http") else None)
    tab.goto((HTML / f"{page}.html").as_uri())
    return tab, wrong


def soup(path):
    """Parse a built page."""
    return BeautifulSoup(path.read_text(encoding="utf8"), "html.parser")
