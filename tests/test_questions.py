"""Questions that mark themselves and figures that wait for a prediction, every one of them, in Chromium."""

import functools
import io
import json
import re
import unicodedata

import pytest
from axe_playwright_python.sync_playwright import Axe
from pages import CHAPTERS, DESKTOP, HTML, PHONE, ROOT, soup, until, visit
from sphinx.application import Sphinx
from test_exercises import tabs

TITLES = {"en": "Check yourself", "zh": "自测", "ru": "Проверьте себя"}
WORDS = {
    "en": ("✓ Right.", "✗ Not right."),
    "zh": ("✓ 正确。", "✗ 不正确。"),
    "ru": ("✓ Верно.", "✗ Неверно."),
}
EXERCISE = re.compile(r"^`{6}\{exercise\}.*?\n(.*?)^`{6}$(.*?)^`{6}\{solution\}", re.M | re.S)
BOX = re.compile(r"^```\{admonition\} ([^\n]+)\n:class: (question|predict)\n(.*?)^```$", re.M | re.S)
FIGURE = ".predict + .cell > .cell_output [id]"
REFUSED = [  # files that hold no answers
    "not JSON", "null", "[]", "3", '{"a": [0]}', '{"__proto__": [0]}', '{"chapters/dqn#ex": 0}',
    '{"chapters/dqn#ex": [-1]}', '{"chapters/dqn#ex": ["0"]}', '{"chapters/dqn#ex": [0.5]}',
]
HOW_TO_USE = "book/how-to-use"
AXE = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}

# Gives every answer of every question, the right one last; returns what was said, language by language.
ANSWER_ALL = """() => [...document.querySelectorAll(".question")].map(box => {
    const radios = [...box.querySelectorAll("input[type=radio]")];
    const [check, all] = box.querySelectorAll("button"), status = box.querySelector("[role=status]");
    const before = radios.findIndex(radio => radio.checked);
    const said = radios.map(radio => (radio.click(), check.click(), status.innerText || status.textContent));
    const right = said.findIndex(text => text.includes("✓"));
    radios[right].click(), check.click(), all.click();
    const under = radios.map(radio => radio.closest("label").parentElement.textContent);
    return {id: box.closest(".exercise").id, lang: box.closest("[lang]").lang, before, said, right, under};
})"""
RESTORED = """() => [...document.querySelectorAll(".question")].map(box => ({
    picked: [...box.querySelectorAll("input")].findIndex(radio => radio.checked),
    said: box.querySelector("[role=status]").textContent}))"""
SEEN = """box => {  // is anything shown that the cells print which follow at once
    for (let cell = box.nextElementSibling; cell?.matches(".cell"); cell = cell.nextElementSibling)
        if (cell.querySelector(".cell_output")?.firstElementChild.checkVisibility()) return true;
    return false;
}"""
BUILT = "!document.querySelector(':is(.question, .predict):not(.ready), #course-progress:empty')"
ALL_ANSWERED = "[...document.querySelectorAll('.question, .predict')].every(e => e.querySelector(':checked'))"
STORED = "JSON.parse(localStorage.getItem('course-progress'))"


def sources(chapter):
    return (ROOT / f"{chapter}.md").read_text("utf8")


def speak(tab, language):
    """Choose a language as the header and the tabs do."""
    tab.evaluate("""language => {
        localStorage.setItem("sphinx-design-tab-id-lang", language);
        document.dispatchEvent(new CustomEvent("course-language"));
    }""", language)


def squeeze(text):
    """The text without spaces, its mathematical letters (which a page shows for MathML) as plain ones."""
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text))


@functools.cache
def written(page):
    """A built page, parsed once."""
    return soup(HTML / f"{page}.html")


def open_quickly(context, page, fragment=""):
    """Open a page without MathJax, which takes longer than all the rest."""
    tab, wrong = context.new_page(), []
    tab.on("pageerror", lambda error: wrong.append(error.stack))
    tab.route("**/tex-svg-full.js", lambda route: route.fulfill(body=""))
    tab.goto((HTML / f"{page}.html").as_uri() + fragment, wait_until="domcontentloaded")
    until(tab, BUILT)
    return tab, wrong


@pytest.fixture(scope="module")
def asked():
    """The first chapter that asks and has a figure with a name that waits for a prediction."""
    return next(chapter for chapter in CHAPTERS
                if written(chapter).select(".question") and written(chapter).select_one(FIGURE))


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_every_exercise_without_code_asks_and_every_chapter_lets_predict(chapter):
    text = sources(chapter)
    assert any(kind == "predict" for _, kind, _ in BOX.findall(text))
    for body, after in EXERCISE.findall(text):
        asked = {}
        for language, said in zip(TITLES, tabs(body).values(), strict=True):
            boxes = BOX.findall(said)
            assert all((title, kind) == (TITLES[language], "question") for title, kind, _ in boxes)
            asked[language] = [re.findall(r"^: ([✓✗]) \S", box, re.M) for _, _, box in boxes]
        assert asked["en"] == asked["zh"] == asked["ru"]
        assert asked["en"] or "rl.check(" in after, body[:80]
        assert all(signs.count("✓") == 1 and "✗" in signs for signs in asked["en"])


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_questions_mark_themselves_and_figures_wait(context, chapter):
    tab, wrong = open_quickly(context, chapter)
    expected = answer_every_question(tab, chapter) | predict_every_figure(tab, chapter)
    assert tab.evaluate(STORED) == expected
    assert not wrong


def answer_every_question(tab, chapter):
    """Answer in all ways in all languages; return the right answers, which should be stored."""
    boxes = written(chapter).select(".question")
    assert tab.locator(".question > fieldset").count() == len(boxes)
    results, rights = tab.evaluate(ANSWER_ALL), {}
    for box, result in zip(boxes, results, strict=True):
        language = result["lang"][:2]
        answers = [squeeze(part.get_text()) for part in box.select("dt")]
        reasons = [squeeze(part.get_text()) for part in box.select("dd")]
        assert len(answers) == len(reasons) == len(result["said"])
        for number, (answer, reason) in enumerate(zip(answers, reasons, strict=True)):
            right = reason[0] == "✓"
            feedback = squeeze(WORDS[language][not right]) + reason[1:]
            assert squeeze(result["said"][number]) == feedback
            assert squeeze(result["under"][number]) == answer + feedback
            assert right == (number == result["right"])
        # what was answered in English is answered in the other languages before anything is done there
        assert result["before"] == (-1 if language == "en" else result["right"])
        if language == "en":
            rights.setdefault(f"{chapter}#{result['id']}", []).append(result["right"])
    return rights


def predict_every_figure(tab, chapter):
    """Predict the first figure, skip the others; return what should be stored."""
    boxes = tab.locator(".predict").all()
    assert boxes and tab.locator(".predict + .cell .cell_input").count() == len(boxes)
    for number, box in enumerate(boxes, 1):
        assert not box.evaluate(SEEN)
        skip = box.get_by_role("button", name="Show without predicting")
        if number == 1:
            tab.emulate_media(media="print")
            assert box.evaluate(SEEN)
            tab.emulate_media(media="screen")
            box.get_by_role("button", name="Reveal the figure").click()
            assert "Choose an answer first." in box.inner_text() and not box.evaluate(SEEN)
            box.get_by_role("radio").nth(1).check()
            box.get_by_role("button", name="Reveal the figure").click()
            assert re.search("✓ Right|✗ Not right", box.get_by_role("status").inner_text())
        else:
            skip.click()
        assert box.evaluate(SEEN) and not skip.is_visible()
    return {f"{chapter}#predict-{n + 1}": [None if n else 1] for n in range(len(boxes))}


def test_a_link_and_a_search_into_a_waiting_figure_open_it(context, asked):
    figure = written(asked).select_one(FIGURE)["id"]
    in_view = """id => { const box = document.getElementById(id).getBoundingClientRect();
        return box.height && box.top < innerHeight && box.bottom > 0 }"""
    waiting = "id => !document.getElementById(id).checkVisibility({contentVisibilityAuto: true})"
    tab, _ = open_quickly(context, asked, f"#{figure}")
    until(tab, in_view, figure)
    find = "element.closest('.cell_output').dispatchEvent(new Event('beforematch'))"
    for how in ("location.hash = id", find):
        tab.evaluate("localStorage.removeItem('course-progress')")
        tab, _ = open_quickly(context, asked)
        assert tab.evaluate(waiting, figure)
        tab.evaluate(f"id => {{ const element = document.getElementById(id); {how} }}", figure)
        until(tab, f"id => !({waiting})(id)", figure)
        assert how == find or until(tab, in_view, figure)


def test_before_the_script_nothing_is_given_away_and_without_scripts_all_is_there(browser, context, asked):
    tab = context.new_page()
    tab.route("**/questions.js*", lambda route: route.abort())
    tab.goto((HTML / f"{asked}.html").as_uri(), wait_until="domcontentloaded")
    output = tab.locator(".predict + .cell > .cell_output").first
    assert not output.is_visible() and not tab.locator(".question dd").first.is_visible()
    plain = browser.new_context(java_script_enabled=False)
    tab = plain.new_page()
    tab.goto((HTML / f"{asked}.html").as_uri())
    assert tab.locator(".predict + .cell > .cell_output").first.is_visible()
    assert tab.locator(".question dd").first.is_visible()
    plain.close()


def test_the_keyboard_is_enough_and_arrows_do_not_mark(context, asked):
    tab, _ = open_quickly(context, asked)
    box = tab.locator(".question:visible").first
    status = box.get_by_role("status")
    box.get_by_role("button", name="Check").focus()
    tab.keyboard.press("Shift+Tab")
    seen = []
    for _ in range(2):  # Shift+Tab went to the last answer
        tab.keyboard.press("ArrowDown")
        assert status.inner_text() == ""
        tab.keyboard.press("Tab")
        assert tab.evaluate("getComputedStyle(document.activeElement).outlineWidth") == "3px"
        tab.keyboard.press("Enter")
        seen.append(status.inner_text())
        assert tab.evaluate("document.activeElement.innerText") == "Check"
        tab.keyboard.press("Shift+Tab")
        assert tab.evaluate("document.activeElement.type") == "radio"
        tab.evaluate("document.querySelector('.question [role=status]').replaceChildren()")
    assert all(text[0] in "✓✗" for text in seen) and seen[0] != seen[1]
    tab.keyboard.press("Tab")
    tab.keyboard.press("Tab")
    tab.keyboard.press("Space")
    assert box.locator("label ~ .why").count() == box.get_by_role("radio").count()
    assert tab.evaluate("document.activeElement.innerText") == "Hide the explanations"
    assert box.locator("fieldset").get_attribute("aria-labelledby")


def test_answers_are_kept_and_other_windows_know(context, asked):
    tab, _ = open_quickly(context, asked)
    other, _ = open_quickly(context, asked)
    answers = tab.evaluate(ANSWER_ALL)
    for figure in tab.locator(".predict").all():
        figure.get_by_role("radio").nth(1).check()
        figure.get_by_role("button", name="Reveal the figure").click()
    before = tab.evaluate(STORED)
    box = tab.locator(".question:visible").first
    box.get_by_role("radio").nth(1 if answers[0]["right"] == 0 else 0).check()
    box.get_by_role("button", name="Check").click()
    assert "✗" in box.get_by_role("status").inner_text() and tab.evaluate(STORED) == before
    assert tab.evaluate(RESTORED)[0]["picked"] != answers[0]["right"]

    later, _ = open_quickly(context, asked)
    for window in (other, later):
        until(window, ALL_ANSWERED)
        for now, answer in zip(window.evaluate(RESTORED), answers, strict=True):
            assert now["picked"] == answer["right"]
            assert now["said"].startswith(WORDS[answer["lang"][:2]][0])
        predicted = window.locator(".predict").first
        assert predicted.evaluate(SEEN) and predicted.get_by_role("radio").nth(1).is_checked()
        for language in WORDS:
            speak(window, language)
            count = str(len(answers) // 3)
            assert re.findall(r"\d+", window.locator(".question-score").inner_text()) == [count, count]


def test_formulas_in_answers_are_typeset(context, asked):
    tab, wrong = visit(context, asked)
    boxes = written(asked).select(".question, .predict")
    formulas = sum(len(box.select(".math")) for box in boxes)
    assert tab.locator(":is(.question, .predict) mjx-container").count() == formulas
    assert not wrong


def test_progress_is_shown_exported_forgotten_and_imported(context, asked, tmp_path):
    tab, _ = open_quickly(context, asked)
    tab.evaluate(ANSWER_ALL)
    kept = tab.evaluate(STORED)
    tab, wrong = open_quickly(context, HOW_TO_USE)
    tab.set_viewport_size(PHONE)
    place = tab.locator("#course-progress")
    count = sum(map(len, kept.values()))
    asking = {chapter: len(written(chapter).select(".question")) // 3 for chapter in CHAPTERS}
    every = sum(asking.values())
    assert place.locator("tbody tr").count() == sum(map(bool, asking.values()))
    link = f"../{asked}.html"
    assert place.locator(f"tr:has([href='{link}']) td").all_inner_texts() == [str(count)] * 3
    fits = "document.querySelector('#course-progress table').getBoundingClientRect().right <= innerWidth"
    for language, words in {"en": "All chapters", "zh": "全部章节", "ru": "Все главы"}.items():
        speak(tab, language)
        assert place.locator("tfoot").inner_text().split("\t") == [words, str(count), str(count), str(every)]
        assert tab.evaluate(fits)
    speak(tab, "en")

    with tab.expect_download() as download:
        place.get_by_role("button", name="Export").click()
    download.value.save_as(tmp_path / "answers.json")
    assert json.loads((tmp_path / "answers.json").read_text("utf8")) == kept

    place.get_by_role("button", name="Forget all").click()
    assert tab.evaluate("document.activeElement.innerText") == "No, keep them"
    tab.keyboard.press("Enter")
    assert tab.evaluate(STORED) == kept and tab.evaluate("document.activeElement.innerText") == "Forget all"
    place.get_by_role("button", name="Forget all").click()
    place.get_by_role("button", name="Yes, forget all").click()
    status = place.get_by_role("status")
    assert tab.evaluate(STORED) == {} and status.inner_text() == "All answers are forgotten."

    for refused in REFUSED:
        (tmp_path / "other.json").write_text(refused, "utf8")
        tab.evaluate("document.querySelector('#course-progress [role=status]').textContent = ''")
        place.locator("input[type=file]").set_input_files(tmp_path / "other.json")
        until(tab, "document.querySelector('#course-progress [role=status]').textContent")
        assert "Nothing was changed." in status.inner_text() and tab.evaluate(STORED) == {}
    with tab.expect_file_chooser() as chooser:
        place.get_by_role("button", name="Import").click()
    chooser.value.set_files(tmp_path / "answers.json")
    until(tab, f"Object.keys({STORED}).length")
    assert tab.evaluate(STORED) == kept
    assert place.locator("tfoot").inner_text().split("\t")[1] == str(count)
    assert not wrong


def test_without_storage_all_works_and_nothing_is_kept(context, asked):
    context.add_init_script("""for (const name of ["localStorage", "sessionStorage"])
        Object.defineProperty(window, name, {get() { throw new DOMException("no", "SecurityError"); }})""")
    tab, wrong = open_quickly(context, asked)
    assert all("✓" in "".join(result["said"]) for result in tab.evaluate(ANSWER_ALL))
    box = tab.locator(".predict").first
    box.get_by_role("button", name="Show without predicting").click()
    assert tab.evaluate("document.querySelector('.predict + .cell > .cell_output').checkVisibility()")
    assert tab.locator(".question-score").inner_text()
    tab, more = open_quickly(context, HOW_TO_USE)
    assert "remember nothing" in tab.locator("#course-progress").inner_text()
    assert not [stack for stack in wrong + more if "questions.js" in stack]


@pytest.mark.parametrize("mode, size", [("light", DESKTOP), ("dark", PHONE)])
def test_no_barrier_is_found(context, asked, mode, size):
    context.add_init_script(f"for (const key of ['mode', 'theme']) localStorage.setItem(key, '{mode}')")
    tab, _ = open_quickly(context, asked)
    tab.set_viewport_size(size)

    def barriers(*places):
        found = Axe().run(tab, context=[[place] for place in places], options=AXE).response["violations"]
        return [(rule["id"], [node["html"] for node in rule["nodes"]]) for rule in found]

    box, figure = tab.locator(".question:visible").first, tab.locator(".predict").first
    assert not barriers(".question", ".predict")
    box.get_by_role("radio").first.check()
    box.get_by_role("button", name="Check").click()
    box.get_by_role("button", name="Show all").click()
    figure.get_by_role("radio").first.check()
    figure.get_by_role("button", name="Reveal").click()
    assert not barriers(".question", ".predict", ".question-score")
    sizes = tab.locator(":is(.question, .predict) :is(button, label, input):visible").evaluate_all(
        "all => all.map(e => e.getBoundingClientRect()).map(box => Math.min(box.width, box.height))")
    assert min(sizes) >= 24
    tab, _ = open_quickly(context, HOW_TO_USE)
    tab.get_by_role("button", name="Forget all").click()
    assert not barriers("#course-progress")


TINY = """# Tiny

``````{exercise}
:label: ex-tiny

`````{tab-set}
:sync-group: lang
%s
`````
``````

%s
"""
GOOD = "Why?\n\nA\n: ✗ Because.\n\nB\n: ✓ Because."
WRONG = {
    "one explanation begins with ✓": [GOOD.replace("✗", "✓"), GOOD.replace("✓", "✗"), GOOD.replace("✗ ", "")],
    "an answer has no explanation": [GOOD.replace("✗ Because.", "✗")],
    "a question is a text and a list of answers": [
        "Why?", GOOD[6:], "Why?\n\nB\n: ✓ Because.", GOOD + "\n: ✗ And more."],
}


def warnings(folder, questions, after=""):
    """What Sphinx says of a page with these questions: one for each language."""
    box = "```{admonition} Check\n:class: %s\n\n%s\n```\n"
    every = ""
    for language, question in zip(TITLES, questions, strict=True):
        inside = question and box % ("question", question)
        every += f"\n````{{tab-item}} {language}\n:sync: {language}\n\n{inside}````\n"
    (folder / "index.md").write_text(TINY % (every, after and box % after), "utf8")
    said = io.StringIO()
    Sphinx(folder, None, folder / "out", folder / "trees", "dummy", status=None, warning=said, freshenv=True,
           confoverrides={"extensions": ["myst_parser", "sphinx_design", "sphinx_exercise", "questions"],
                          "myst_enable_extensions": ["deflist"]}).build()
    return said.getvalue()


def test_a_malformed_question_is_a_warning(tmp_path):
    assert warnings(tmp_path, [GOOD] * 3) == ""
    for sentence, examples in WRONG.items():
        for question in examples:
            assert sentence in warnings(tmp_path, [question] * 3), question
    swapped = "Why?\n\nB\n: ✓ Because.\n\nA\n: ✗ Because."
    longer = GOOD + "\n\nC\n: ✗ Because."
    for question in ("", swapped, longer):
        assert "the languages of ex-tiny differ" in warnings(tmp_path, [GOOD, GOOD, question])
    assert "no code cell with an output" in warnings(tmp_path, [GOOD] * 3, ("predict", GOOD))
    assert "in a language tab of an exercise" in warnings(tmp_path, [GOOD] * 3, ("question", GOOD))
