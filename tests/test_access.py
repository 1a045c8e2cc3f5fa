"""Accessibility (WCAG 2.2 AA) of every page, by axe-core and by hand: light and dark, desktop and phone.

Before axe looks, everything folded is opened, each formula becomes an empty image of its size with a name,
and of the thousands of tokens of code one of each kind is kept: the others look the same. All rules run on
a light desktop; on a light phone all but contrast, whose colours are the same; on a dark desktop those of
colours; on a dark phone the size of targets.
"""

import itertools
import json
import re
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from bs4 import Comment
from matplotlib import rc_params_from_file
from pages import CHAPTERS, DESKTOP, HTML, PAGES, PHONE, ROOT, soup, visit

from course_rl.plotting import COLORS

AXE = Path(find_spec("axe_playwright_python").submodule_search_locations[0]) / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
ALL = {"runOnly": RULES, "resultTypes": ["violations"]}
LAYOUT = {**ALL, "rules": {"color-contrast": {"enabled": False}}}
COLOURS = {**ALL, "runOnly": ["color-contrast", "link-in-text-block"]}
TARGETS = {**ALL, "runOnly": ["target-size"]}
MODES = [("light", DESKTOP, ALL), ("light", PHONE, LAYOUT),
         ("dark", PHONE, TARGETS), ("dark", DESKTOP, COLOURS)]
GENERATED = ["search", "genindex"]
LANGUAGE = {"zh-CN": re.compile("[\u3400-\u9fff]"), "ru": re.compile("[\u0400-\u04ff]")}

PREPARE = """() => {
    for (const box of document.querySelectorAll(".toggle-hidden")) box.classList.remove("toggle-hidden");
    for (const box of document.querySelectorAll("details")) box.open = true;
    for (const tab of document.querySelectorAll(".sd-tab-content")) tab.style.display = "block";
    for (const formula of document.querySelectorAll(".math math")) formula.remove();
    for (const drawing of document.querySelectorAll(".math svg")) {
        drawing.replaceChildren();
        drawing.removeAttribute("aria-hidden");
        drawing.setAttribute("role", "img");
        drawing.setAttribute("aria-label", "formula");
    }
    const seen = new Set();
    for (const token of [...document.querySelectorAll("pre span:not([lang])")].reverse()) {
        const block = token.closest("[class*=highlight-], .output");
        const kind = [token.className, token.parentElement.className, block?.className].join("|");
        if (seen.has(kind)) token.replaceWith(...token.childNodes); else seen.add(kind);
    }
    for (const block of document.querySelectorAll("pre")) block.normalize();
}"""
RUN = """options => new Promise(requestAnimationFrame).then(() => new Promise(requestAnimationFrame))
    .then(() => axe.run(document, options)).then(({passes, violations}) => [
    passes.length,
    violations.flatMap(rule => rule.nodes.map(node => [rule.id, node.html, node.failureSummary]))
])"""
SPACING = """
* { line-height: 1.5 !important; letter-spacing: 0.12em !important; word-spacing: 0.16em !important; }
p { margin-bottom: 2em !important; }"""


@pytest.mark.parametrize("page", [*PAGES, *GENERATED])
def test_axe_finds_nothing_and_text_may_be_spaced_and_enlarged(browser, page):
    context = browser.new_context(viewport=DESKTOP, reduced_motion="reduce")
    context.set_offline(True)
    tab, _ = visit(context, page)
    tab.evaluate(PREPARE)
    tab.evaluate(AXE.read_text(encoding="utf8"))  # not as a tag: the page's policy forbids it
    for theme, size, options in MODES:
        tab.set_viewport_size(size)
        tab.evaluate("theme => { document.documentElement.dataset.theme = theme; }", theme)
        held, violations = tab.evaluate(RUN, options)
        print(f"{page}, {theme}, {size['width']} px: {held} rules hold, {len(violations)} violations")
        assert held
        assert not violations, json.dumps(violations[:5], indent=1)

    tab.add_style_tag(content=SPACING)
    for width in (640, 320):  # 1280 px enlarged to 200 % and to 400 %
        tab.set_viewport_size({"width": width, "height": 512})
        root = "document.documentElement"
        assert tab.evaluate(f"{root}.scrollWidth <= {root}.clientWidth"), width
    context.close()


FOCUSED = """() => {
    const element = document.activeElement;
    const seen = element.matches(".sd-tab-set > input") ? element.nextElementSibling : element;
    const box = seen.getClientRects()[0], style = getComputedStyle(seen);
    const x = Math.max(0, Math.min(innerWidth - 1, box.left + Math.min(box.width, 40) / 2));
    const y = Math.max(0, Math.min(innerHeight - 1, box.top + Math.min(box.height, 30) / 2));
    const top = document.elementFromPoint(x, y);
    const outline = style.outlineStyle != "none" && parseFloat(style.outlineWidth) > 0;
    const places = [".skip-link", ".bd-sidebar-primary", ".bd-header-article", "article", ".prev-next-area",
        ".bd-sidebar-secondary"];
    return {ring: outline || style.boxShadow != "none", html: element.outerHTML.slice(0, 150),
            uncovered: seen.contains(top) || !!top?.contains(seen), end: element === document.body,
            place: places.findIndex(place => element.closest(place))};
}"""


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_the_keyboard_goes_through_the_page_in_order_and_its_place_is_seen(browser, size):
    context = browser.new_context(viewport=size, reduced_motion="reduce")
    context.set_offline(True)
    tab, _ = visit(context, CHAPTERS[0])
    visited = []
    while len(visited) < 2000:
        tab.keyboard.press("Tab")
        focus = tab.evaluate(FOCUSED)
        if focus["end"]:
            break
        assert focus["ring"] and focus["uncovered"], focus
        visited.append(focus["place"])
    assert visited == sorted(visited)
    assert set(visited) == set(range(6)) - ({1, 5} if size is PHONE else set())
    context.close()


def test_tabs_and_boxes_answer_to_the_keyboard(context):
    tab, _ = visit(context, CHAPTERS[0])
    tabs = tab.locator(".sd-tab-set:has(> [data-sync-group=lang])").first
    assert tabs.get_attribute("aria-label") == "Language"
    tabs.locator("> input").first.focus()
    for language in ["zh-CN", "ru"]:
        tab.keyboard.press("ArrowRight")
        assert tabs.locator(f"> .sd-tab-content[lang={language}]").is_visible()
    hint = tabs.locator("> .sd-tab-content[lang=ru] summary").first
    hint.focus()
    tab.keyboard.press("Enter")
    assert hint.locator("xpath=..").get_attribute("open") is not None

    solution = tab.locator(".solution.dropdown").first
    button = solution.locator("button.toggle-button")
    title = solution.locator(".admonition-title").inner_text().strip()
    assert button.get_attribute("aria-label") == title
    for state in ["true", "false"]:
        button.focus()
        tab.keyboard.press("Enter")
        assert button.get_attribute("aria-expanded") == state


@pytest.fixture(scope="module")
def files():
    """Every page of the site, parsed."""
    return {path.relative_to(HTML).with_suffix("").as_posix(): soup(path)
            for path in HTML.rglob("*.html") if "_static" not in path.parts}


def foreign(text):
    """The language whose letters a text has, if it is not English."""
    return next((language for language, letters in LANGUAGE.items() if letters.search(text or "")), None)


def test_every_language_is_marked(files):
    assert {files[page].html["lang"] for page in PAGES} == {"en"}
    passages = dict.fromkeys(LANGUAGE, 0)
    for name, page in files.items():
        found = [(text, text.parent) for text in page.find_all(string=foreign)
                 if not isinstance(text, Comment) and text.parent.name not in ("script", "style")]
        found += [(element[key], element) for key in ("alt", "aria-label", "title")
                  for element in page.find_all(attrs={key: foreign})]
        for text, element in found:
            marked = element if element.get("lang") else element.find_parent(lang=True)
            assert marked["lang"] == foreign(text), (name, text)
            passages[marked["lang"]] += 1
    assert min(passages.values()) > 500, passages


def test_less_motion_for_those_who_ask(browser):
    moving = """() => [...document.querySelectorAll("*")].filter(e => {
        const style = getComputedStyle(e);
        return style.animationName != "none" || style.scrollBehavior != "auto"
            || style.transitionDuration.split(", ").some(time => time != "0s");
    }).length"""
    found = {}
    for motion in ["reduce", "no-preference"]:
        context = browser.new_context(viewport=DESKTOP, reduced_motion=motion)
        context.set_offline(True)
        tab, _ = visit(context, CHAPTERS[0])
        found[motion] = tab.evaluate(moving)
        context.close()
    assert found["reduce"] == 0 < found["no-preference"]


def test_headers_of_tables_say_something(files):
    for name, page in files.items():
        for header in page.select("th"):
            assert header.get_text(strip=True), (name, header.parent)
            assert header.find_parent("thead") or header.get("scope") == "row", (name, header)


def test_alternative_texts_say_what_is_seen(files):
    for page in PAGES:
        texts = [image["alt"] for image in files[page].select("article img")]
        assert len(set(texts)) == len(texts), page
        for text in texts:
            assert len(text) >= 40 and text.endswith("."), (page, text)
            assert not re.match(r"(a |the )?(figure|image|picture|graphic|plot|chart)\b", text, re.I), text


def linear(color):
    """A colour `#rrggbb` -> linear RGB (3,)."""
    value = np.array([int(color[i: i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)


def lab(rgb):
    """Linear RGB (3,) -> CIE L*a*b* (3,), white D65."""
    to_xyz = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    xyz = np.array(to_xyz) @ np.clip(rgb, 0, 1) / [0.9505, 1, 1.0890]
    x, y, z = np.where(xyz > 216 / 24389, np.cbrt(xyz), (24389 / 27 * xyz + 16) / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


SIGHT = {  # Machado, Oliveira and Fernandes (2009), severity 1
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216],
                   [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413],
                     [-0.011820, 0.042940, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602],
                   [0.004733, 0.691367, 0.303900]],
}


@pytest.mark.parametrize("sight", SIGHT)
def test_colours_are_told_apart(sight):
    """CIE76 distance at least 15 between curves, 9 from the grey of reference lines (2.3 is just seen)."""
    style = rc_params_from_file(ROOT / "course_rl" / "style.mplstyle", use_default_template=False)
    cycle = {f"#{color.lstrip('#').upper()}" for color in style["axes.prop_cycle"].by_key()["color"]}
    seen = {color: lab(np.array(SIGHT[sight]) @ linear(color)) for color in {*cycle, *COLORS.values()}}
    assert len(seen) == 8
    for one, other in itertools.combinations(seen, 2):
        least = 9 if COLORS["optimum"] in (one, other) else 15
        assert np.linalg.norm(seen[one] - seen[other]) >= least, (one, other)


GROUND = """() => [...document.querySelectorAll("text")].map(text => {
    const box = text.getBoundingClientRect();
    const under = document.elementsFromPoint(box.x + box.width / 2, box.y + box.height / 2)
        .find(e => !e.closest("text") && e.matches("rect, circle, ellipse, polygon, path")
            && getComputedStyle(e).fill != "none");
    const ground = under ? getComputedStyle(under).fill : "rgb(255, 255, 255)";
    return [text.textContent, getComputedStyle(text).fill, ground];
})"""


def luminance(rgb):
    """CSS `rgb(r, g, b)` -> relative luminance."""
    red, green, blue = map(int, re.findall(r"\d+", rgb)[:3])
    return linear(f"#{red:02x}{green:02x}{blue:02x}") @ [0.2126, 0.7152, 0.0722]


def test_the_words_of_drawings_are_read_easily(context):
    tab = context.new_page()
    for path in sorted((ROOT / "img").glob("*.svg")):
        tab.goto(path.as_uri())
        for words, ink, ground in tab.evaluate(GROUND):
            dark, light = sorted([luminance(ink), luminance(ground)])
            assert (light + 0.05) / (dark + 0.05) >= 4.5, (path.name, words, ink, ground)
