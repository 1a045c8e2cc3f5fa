"""The words around the text in the reader's language, chosen once in the header or by a tab."""

import pytest
from pages import DESKTOP, HTML, PHONE, until, visit

CHAPTER, NEXT = "chapters/replay", "chapters/target-network"
KEY = "sphinx-design-tab-id-lang"
WORDS = {  # search field, sidebar, contents, next page, folded solution, theme, full screen, copy
    "en": ["Search...", "Toggle primary sidebar", "Contents", "next", "Click to show", "Color mode",
           "Fullscreen mode", "Copy", "Link to this heading", "Language"],
    "zh": ["搜索……", "显示或隐藏全书目录", "目录", "下一章", "点击展开", "颜色模式", "全屏模式", "复制",
           "此标题的链接", "语言"],
    "ru": ["Поиск…", "Показать или скрыть оглавление книги", "Содержание", "далее", "Показать",
           "Цветовая тема", "Полноэкранный режим", "Скопировать", "Ссылка на этот заголовок", "Язык"],
}
TAGS = {"en": "en", "zh": "zh-CN", "ru": "ru"}
SHOWN = """() => {
    const at = (selector) => document.querySelector(selector);
    const tip = (selector) => at(selector).dataset.bsTitle ?? at(selector).dataset.bsOriginalTitle;
    return [at("form.bd-search input").placeholder, tip(".primary-toggle"),
            at(".onthispage").innerText.trim(),
            at(".right-next .prev-next-subtitle").textContent, at(".toggle-button-hidden").dataset.toggleHint,
            tip(".theme-switch-button"), tip(".btn-fullscreen-button"), at(".copybtn").dataset.tooltip,
            at("h2 > .headerlink").title, at("label[for=language]").innerText];
}"""
TABS = """() => [...new Set([...document.querySelectorAll("input:checked + [data-sync-group=lang]")]
    .map(label => label.dataset.syncId))]"""
COUNT = "window.fired = []; document.addEventListener('course-language', () => fired.push(localStorage[KEY]))"
COUNT = COUNT.replace("KEY", repr(KEY))
# All that is said to a reader outside the text: attributes and texts.
EVERYTHING = """() => [...document.querySelectorAll("body *")].flatMap(e => [
    ...["title", "aria-label", "placeholder", "data-tooltip", "data-bs-title", "data-bs-original-title",
        "data-toggle-hint"].map(name => e.getAttribute(name)),
    ...[...e.childNodes].filter(n => n.nodeType === 3).map(n => n.data.trim())]).filter(Boolean)"""


@pytest.fixture
def chapter(context):
    """A chapter as an English reader opens it for the first time."""
    context.add_init_script(COUNT)
    tab, wrong = visit(context, CHAPTER)
    yield tab
    assert not wrong


def test_every_word_in_three_languages_and_back(chapter):
    assert chapter.evaluate(SHOWN) == WORDS["en"]
    english = chapter.evaluate(EVERYTHING)
    for language in ["zh", "ru", "zh", "en"]:
        chapter.locator("#language").select_option(language)
        assert chapter.evaluate(SHOWN) == WORDS[language]
        assert chapter.evaluate("document.documentElement.dataset.language") == language
        assert chapter.evaluate("document.documentElement.lang") == "en"  # the book's text
        for selector in [".prev-next-subtitle", ".copybtn", ".theme-switch-button", "label[for=language]"]:
            assert chapter.locator(selector).first.get_attribute("lang") == TAGS[language], selector
        assert not chapter.locator("article p, .prev-next-title").evaluate_all(
            "all => all.filter(e => e.closest('[lang]:not(html, .sd-tab-content, .question-score)')).length")
    assert chapter.evaluate(EVERYTHING) == english


def test_tooltips_and_copied_code(chapter):
    chapter.locator("#language").select_option("zh")
    chapter.locator(".btn-fullscreen-button").hover()
    assert chapter.locator(".tooltip-inner").inner_text() == "全屏模式"
    chapter.locator(".btn-fullscreen-button").blur()
    chapter.locator("#language").select_option("ru")
    chapter.locator(".theme-switch-button").hover()
    until(chapter, "document.querySelector('.tooltip-inner')?.innerText === 'Цветовая тема'")
    button = chapter.locator(".copybtn").first
    button.dispatch_event("click")
    assert button.get_attribute("data-tooltip") in {"Скопировано!", "Не удалось скопировать"}
    until(chapter, "document.querySelector('.copybtn').dataset.tooltip === 'Скопировать'")
    chapter.locator("#language").select_option("en")
    solution = chapter.locator(".solution .toggle-button").first
    solution.click()
    assert solution.get_attribute("data-toggle-hint") == "Click to hide"


def test_the_choice_is_remembered_and_told_once(chapter):
    assert chapter.evaluate("fired") == [] and chapter.evaluate(TABS) == ["en"]
    chapter.locator("#language").select_option("ru")
    assert chapter.evaluate("fired") == ["ru"] and chapter.evaluate(TABS) == ["ru"]
    chapter.locator("label[data-sync-id=zh]").first.click()
    assert chapter.evaluate("fired") == ["ru", "zh"] and chapter.evaluate(TABS) == ["zh"]
    assert chapter.locator("#language").input_value() == "zh" and chapter.evaluate(SHOWN) == WORDS["zh"]
    chapter.locator("label[data-sync-id=zh]").first.click()
    assert chapter.evaluate("fired") == ["ru", "zh"]
    chapter.locator(".right-next").click()
    chapter.wait_for_load_state()
    assert NEXT in chapter.url
    assert chapter.evaluate(SHOWN) == WORDS["zh"] and chapter.evaluate(TABS) == ["zh"]
    assert chapter.locator("#language").input_value() == "zh" and chapter.evaluate("fired") == []


def test_another_tab_of_the_browser_follows(context, chapter):
    other, _ = visit(context, NEXT)
    other.locator("#language").select_option("ru")
    until(chapter, "document.documentElement.dataset.language === 'ru'")
    assert chapter.evaluate(SHOWN) == WORDS["ru"] and chapter.evaluate(TABS) == ["ru"]
    assert chapter.evaluate("fired") == ["ru"] and other.evaluate("fired") == ["ru"]


def test_by_the_keyboard_alone(chapter):
    for _ in range(40):
        chapter.keyboard.press("Tab")
        if chapter.evaluate("document.activeElement.id") == "language":
            break
    assert chapter.evaluate("document.activeElement.labels[0].innerText") == "Language"
    chapter.keyboard.press("ArrowDown")
    assert chapter.evaluate(SHOWN) == WORDS["zh"]
    assert chapter.evaluate("document.activeElement.id") == "language"
    chapter.keyboard.press("End")
    assert chapter.evaluate(SHOWN) == WORDS["ru"] and chapter.evaluate("fired") == ["zh", "ru"]


@pytest.mark.parametrize("locale, language", [("zh-TW", "zh"), ("ru", "ru"), ("fr-FR", "en")])
def test_first_visit(browser, locale, language):
    context = browser.new_context(locale=locale, viewport=DESKTOP)
    context.set_offline(True)
    tab, wrong = visit(context, CHAPTER)
    assert tab.evaluate(SHOWN) == WORDS[language] and tab.evaluate(TABS) == [language]
    tab.locator("#language").select_option("en")
    tab.reload()
    assert tab.evaluate(SHOWN) == WORDS["en"]
    stored = tab.evaluate("Object.keys(localStorage)")
    assert set(stored) <= {KEY, "mode", "theme", "course-progress"}
    assert not wrong
    context.close()


@pytest.mark.parametrize("page", [CHAPTER, "search", "book/index"])
def test_on_a_phone(context, page):
    tab, wrong = visit(context, page)
    tab.set_viewport_size(PHONE)
    for language in TAGS:
        tab.locator("#language").select_option(language)
        root = "document.documentElement"
        assert tab.evaluate(f"{root}.scrollWidth") <= tab.evaluate(f"{root}.clientWidth")
        controls = tab.locator(".bd-header-article :is(select, button):visible")
        boxes = [control.bounding_box() for control in controls.all()]
        assert all(box["x"] >= 0 and box["x"] + box["width"] <= 360 for box in boxes)
        assert max(box["y"] for box in boxes) - min(box["y"] for box in boxes) < 20  # one line
        for left, right in zip(boxes, boxes[1:], strict=False):
            assert left["x"] + left["width"] <= right["x"] + 1
    assert not wrong


def test_without_javascript_nothing_is_offered_that_does_not_work(browser):
    context = browser.new_context(java_script_enabled=False, viewport=DESKTOP)
    tab = context.new_page()
    tab.goto((HTML / f"{CHAPTER}.html").as_uri())
    assert not tab.locator("#language").is_visible()
    assert tab.locator("article h1").is_visible()
    context.close()
