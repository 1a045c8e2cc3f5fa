"""Every chapter as Chromium prints it on A4: nothing cut, one language, hints open, solutions folded."""

import io
import re

import pytest
from pages import CHAPTERS, visit
from pypdf import PdfReader

A4_TEXT = {"width": 680, "height": 980}  # CSS pixels between the margins of print.css
WIDE = """() => [...document.querySelectorAll("article *")].filter(e => {
    const box = e.getBoundingClientRect();
    const inside = e.matches("pre, table, figure, div.highlight, .cell_output") &&
        e.scrollWidth > e.clientWidth + 1 && e.clientWidth;
    const outside = box.width && box.right > document.documentElement.clientWidth + 1;
    return (inside || outside) && !e.closest("svg *, math");
}).map(e => e.outerHTML.slice(0, 120))"""
LONGEST = """() => {  // mark the block with the longest line of code that is not folded, return that line
    const lines = [...document.querySelectorAll("article div.cell_input:not(details *) pre")]
        .flatMap(block => block.textContent.split("\\n").map(line => [line, block]));
    const [line, block] = lines.reduce((a, b) => b[0].length > a[0].length ? b : a);
    block.classList.add("longest");
    return line;
}"""
LITTLE = """  /* in the same places, but quick to read */
article * { visibility: hidden; }
article :is(.longest, .longest *, img[src$=".png"]) { visibility: visible; }"""


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_nothing_is_cut(context, chapter):
    tab, wrong = visit(context, chapter)
    longest = tab.evaluate(LONGEST)
    tab.set_viewport_size(A4_TEXT)
    tab.emulate_media(media="print")
    tab.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert not tab.evaluate(WIDE)
    tab.evaluate("dispatchEvent(new Event('afterprint'))")

    tab.add_style_tag(content=LITTLE)
    text, images = "", 0
    for page in PdfReader(io.BytesIO(tab.pdf(format="A4"))).pages:
        boxes = []
        text += page.extract_text(
            visitor_operand_before=lambda operator, operands, matrix, text_matrix, boxes=boxes: (
                boxes.append(matrix) if operator == b"Do" else None))
        for width, _, _, height, left, bottom in boxes:
            assert left >= 0 and left + width <= page.mediabox.width
            assert bottom >= 0 and bottom + height <= page.mediabox.height
        images += len(boxes)
    assert images >= tab.locator("article img[src$='.png']:visible").count()
    assert re.sub(r"\s", "", longest)[-12:] in re.sub(r"\s", "", text)
    assert not wrong


def test_it_prints_light_with_hints_open_and_leaves_the_page_as_it_was(context):
    context.add_init_script("localStorage.setItem('mode', 'dark'); localStorage.setItem('theme', 'dark')")
    tab, _ = visit(context, "chapters/mdp")
    state = "[document.documentElement.dataset.theme, document.querySelectorAll('.sd-dropdown[open]').length]"
    hints = tab.locator(".sd-dropdown").count()
    tab.evaluate(f"addEventListener('beforeprint', () => {{ window.printed = {state}; }})")
    tab.pdf()
    assert tab.evaluate("printed") == ["light", hints]
    assert tab.evaluate(state) == ["dark", 0]


def test_it_prints_the_chosen_language_and_says_what_is_folded(context):
    tab, _ = visit(context, "chapters/mdp")
    tab.locator("label[data-sync-id=zh]").first.click()
    tab.locator(".solution .toggle-button").first.click()
    tab.emulate_media(media="print")
    assert set(tab.locator("label.sd-tab-label:visible").all_inner_texts()) == {"中文"}
    notes = "all => all.map(e => getComputedStyle(e, '::after').content)"
    opened, *folded = tab.locator("div.solution").evaluate_all(notes)
    folded += tab.locator("details.hide > summary").evaluate_all(notes)
    assert "olded here" not in opened and all("olded here" in note for note in folded)
    assert len(folded) == tab.locator("div.solution, details.hide").count() - 1
    assert not tab.locator(".bd-sidebar:visible, .bd-header-article:visible, .toggle-button:visible").count()
