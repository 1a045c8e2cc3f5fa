"""How much a page weighs and how soon it shows: from file://, in a real Chromium, with a table."""

import gzip
import urllib.parse
from pathlib import Path

import pytest
from pages import DESKTOP, HTML, PAGES, soup

LIMIT, WITH_AGENTS = 1_000_000, 1_500_000  # bytes
PACKED = {".html", ".css", ".js", ".svg"}  # what every server compresses
WATCH = """window.shifts = 0;
new PerformanceObserver((list) => {
    for (const shift of list.getEntries())
        if (shift.sources.some(source => source.node?.parentElement?.closest("article")))
            window.shifts += shift.value;
}).observe({type: "layout-shift", buffered: true});"""
SEEN = "() => [performance.getEntriesByName('first-contentful-paint')[0].startTime, window.shifts]"


def sent(path):
    """Bytes of a file as a server sends it, and as it lies on the disk."""
    data = path.read_bytes()
    return len(gzip.compress(data, 6) if path.suffix in PACKED else data), len(data)


@pytest.fixture(scope="module")
def rows(browser):
    """Page -> bytes sent, bytes on disk, milliseconds to the first paint, shift of its text, an agent?"""
    rows = {}
    for page in [*PAGES, "search"]:
        context = browser.new_context(viewport=DESKTOP)  # of its own: nothing is cached between pages
        context.set_offline(True)
        context.add_init_script(WATCH)
        tab, urls = context.new_page(), set()
        tab.on("request", lambda request, urls=urls: urls.add(request.url))
        tab.goto((HTML / f"{page}.html").as_uri())
        tab.wait_for_timeout(300)
        paint, shifts = tab.evaluate(SEEN)
        names = map(urllib.parse.urlsplit, urls)
        paths = {Path(urllib.parse.unquote(name.path)) for name in names if name.scheme == "file"}
        weights = [sent(path) for path in paths]
        agent = bool(soup(HTML / f"{page}.html").select(".rl-live"))
        rows[page] = (*map(sum, zip(*weights, strict=True)), paint, shifts, agent)
        context.close()
    return rows


def table(rows):
    """The rows as lines of text."""
    lines = [f"{'page':44} {'sent kB':>8} {'disk kB':>8} {'paint ms':>9} {'shift':>6}"]
    for page, (packed, raw, paint, shift, agent) in rows.items():
        page = f"{page} (agent)" if agent else page
        lines.append(f"{page:44} {packed / 1e3:8.0f} {raw / 1e3:8.0f} {paint:9.0f} {shift:6.3f}")
    return "\n" + "\n".join(lines)


def test_no_page_is_heavy(rows, record_property):
    record_property("weights", table(rows))
    heavy = {page: row[0] for page, row in rows.items() if row[0] > (WITH_AGENTS if row[4] else LIMIT)}
    assert not heavy


def test_pages_show_soon(rows):
    paints = sorted(row[2] for row in rows.values())
    assert paints[len(paints) // 2] < 1000 and paints[-1] < 5000  # the machine may be busy with other tests


def test_nothing_in_the_text_jumps_while_a_page_appears(rows):
    assert not {page: row[3] for page, row in rows.items() if row[3] > 0.01}
