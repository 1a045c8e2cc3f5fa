"""The built site in a real Chromium, from file:// and with the network blocked."""

import re
import urllib.parse

import pytest
from pages import HTML, PAGES, PHONE, soup, visit

# Whatever reaches over the right edge and stands in nothing that scrolls is lost to the reader.
CUT = """() => [...document.querySelectorAll("article *")].filter(e => {
    const box = e.getBoundingClientRect();
    if (!box.width || box.right <= document.documentElement.clientWidth + 1) return false;
    for (let p = e; p !== document.body; p = p.parentElement)
        if (["auto", "scroll"].includes(getComputedStyle(p).overflowX)) return false;
    return !e.closest("svg, math");
}).map(e => e.outerHTML.slice(0, 120))"""


@pytest.mark.parametrize("page", PAGES)
def test_page_reads_well(context, page):
    tab, wrong = visit(context, page)
    formulas = len(soup(HTML / f"{page}.html").select("article .math"))
    assert tab.locator("article mjx-container > svg + span > math").count() == formulas
    glyphs = "all => all.filter(e => !document.getElementById(e.getAttribute('href').slice(1))).length"
    assert not tab.locator("use").evaluate_all(glyphs)
    assert not re.search(r"\\[(\[]|\\begin\{", tab.locator("article").inner_text())
    assert tab.title().strip()
    images = tab.locator("img").evaluate_all("all => all.map(e => [e.alt, e.naturalWidth, e.src])")
    assert all(alt.strip() and width for alt, width, _ in images), images
    shapes = tab.locator("article img").evaluate_all(
        "all => all.map(e => e.clientWidth * e.naturalHeight / (e.naturalWidth * e.clientHeight))")
    assert all(0.98 < shape < 1.02 for shape in shapes)

    tab.set_viewport_size(PHONE)
    for button in [None, *tab.locator(".sd-tab-set").first.locator("label").all()][: 1 + 3]:
        if button is not None:
            button.click()
        root = "document.documentElement"
        assert tab.evaluate(f"{root}.scrollWidth") <= tab.evaluate(f"{root}.clientWidth")
        assert not tab.evaluate(CUT)
    assert not wrong

    tab.evaluate("document.documentElement.dataset.theme = 'dark'")
    assert tab.evaluate("getComputedStyle(document.body).backgroundColor") != "rgb(255, 255, 255)"
    grounds = tab.locator("article img").evaluate_all(
        "all => all.map(e => [getComputedStyle(e).backgroundColor, getComputedStyle(e).filter])")
    assert all(ground == ["rgb(255, 255, 255)", "none"] for ground in grounds)  # figures keep a light one
    boxes = tab.locator(".text_html:has(.rl-live)").evaluate_all(
        "all => all.map(e => getComputedStyle(e).background)")
    assert all(box.startswith("rgba(0, 0, 0, 0)") for box in boxes)  # live agents have a dark one


def test_the_language_is_chosen_once(context):
    pages = [page for page in PAGES if soup(HTML / f"{page}.html").select(".sd-tab-set")]
    assert len(pages) >= 2
    tab, _ = visit(context, pages[0])
    tab.locator("label[data-sync-id=zh]").first.click()
    for page in pages[1::5]:
        tab, _ = visit(context, page)
        sets = tab.locator(".sd-tab-set:has(> label[data-sync-id=zh])")
        assert sets.count()
        shown = tab.locator(".sd-tab-set > .sd-tab-content[lang]").evaluate_all(
            "all => all.map(e => [e.lang, getComputedStyle(e).display != 'none'])")
        assert sorted(shown) == sorted([["zh-CN", True], ["ru", False]] * sets.count())
        tab.close()


def test_links_and_anchors_lead_somewhere():
    pages = {path: soup(path) for path in HTML.rglob("*.html")}
    assert pages
    names = {path: {element["id"] for element in page.select("[id]")} for path, page in pages.items()}
    lost = []
    for path, page in pages.items():
        for link in page.select("a[href]"):
            url = urllib.parse.urlsplit(link["href"])
            if url.scheme or url.netloc:
                continue
            target = (path.parent / urllib.parse.unquote(url.path)).resolve() if url.path else path
            anchor = urllib.parse.unquote(url.fragment)
            if not target.exists() or anchor and target in names and anchor not in names[target]:
                lost.append((path.name, link["href"]))
    assert not lost


def test_nothing_is_loaded_from_elsewhere():
    for path in HTML.rglob("*.html"):
        loaded = [element.get("src") or element["href"] for element in soup(path).select("[src], link[href]")]
        assert not [url for url in loaded if re.match(r"(https?:)?//", url)], path
        assert "unpkg" not in path.read_text(encoding="utf8")
    for path in HTML.rglob("*.css"):
        style = path.read_text(encoding="utf8")
        assert not re.search(r"url\([\"']?(https?:)?//|@import [\"']?http", style), path


def test_every_page_of_the_contents_is_there_and_no_other():
    built = {path.relative_to(HTML).with_suffix("").as_posix() for path in HTML.glob("*/*.html")}
    assert {page for page in built if not page.startswith("_")} == set(PAGES)
