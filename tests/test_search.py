"""The search, typed in a real Chromium from file://: three languages, whole words, the right place."""

import json
import re

import pytest
from pages import DESKTOP, HTML, visit
from search_languages import HAN, CourseSearch

FOUND = {  # what a reader types -> a page that must be among the results
    "en": {
        "network": "chapters/dqn", "networks": "chapters/target-network",
        "overestimates": "chapters/double-dqn", "overestimated": "chapters/double-dqn",
        "replay buffers": "chapters/replay", "bootstrapping": "chapters/q-learning",
        "bootstrapped": "chapters/q-learning", "clipped gradients": "chapters/bugs",
        "policies": "chapters/policy-gradient", "discounting": "chapters/mdp",
        "exploring": "chapters/q-learning", "recommenders": "chapters/recommending",
        "catalogue": "chapters/large-catalogues", "dueling": "chapters/beyond-dqn",
        "prioritised": "chapters/beyond-dqn", "Bellman equation": "chapters/mdp",
        "TARGET network": "book/glossary", "td_error": "chapters/bugs",
        "CartPole-v1": "chapters/dqn", "agent's": "chapters/mdp",
        "Atari frames": "chapters/pixels",
        "the entropy of a policy": "chapters/actor-critic",
        "surrogate objective": "chapters/ppo", "Szepesvári": "book/bibliography",
    },
    "ru": {
        "воспроизведения": "chapters/replay", "воспроизведение опыта": "book/glossary",
        "воспроизведению": "chapters/replay",
        "целевой сетью": "chapters/target-network",
        "целевые сети": "chapters/double-dqn", "подкреплением": "book/glossary",
        "обучения с подкреплением": "book/glossary", "ценностью": "chapters/mdp",
        "завышения": "chapters/double-dqn", "завышенные оценки": "chapters/double-dqn",
        "стратегиями": "chapters/policy-gradient",
        "градиентом стратегии": "chapters/policy-gradient",
        "зёрнами": "chapters/replay", "зернами": "chapters/replay",
        "ЭПИЗОДОВ": "chapters/mdp", "буферу": "chapters/replay",
        "критиком": "chapters/actor-critic", "пикселям": "chapters/pixels",
        "кадров": "chapters/pixels", "рекомендациями": "chapters/recommending",
        "каталогов": "chapters/large-catalogues", "энтропии": "chapters/actor-critic",
        "дисконтированием": "chapters/recommending", "сеть DQN": "chapters/dqn",
    },
    "zh": {
        "强化学习": "book/glossary", "经验回放": "chapters/dqn",
        "目标网络": "chapters/target-network", "网络": "chapters/dqn",
        "高估": "chapters/double-dqn", "策略": "chapters/policy-gradient",
        "策略梯度": "chapters/ppo", "折扣": "chapters/replay", "回合": "chapters/mdp",
        "缓冲区": "chapters/replay", "小批量": "chapters/replay",
        "评论家": "chapters/actor-critic", "像素": "chapters/pixels",
        "推荐": "chapters/recommending", "候选": "chapters/large-catalogues",
        "熵": "chapters/actor-critic", "优势": "chapters/ppo", "种子": "chapters/replay",
        "转移": "chapters/replay", "方差": "chapters/policy-gradient",
        "双重 DQN": "chapters/double-dqn", "最优策略": "chapters/recommending",
        "状态": "chapters/mdp", "奖励": "chapters/mdp",
    },
}
ABSENT = {  # words of no page, parts of words, stop words, what every JavaScript object has
    "en": [
        "giraffe", "photosynthesis", "mortgage", "orchestra", "volcano", "kubernetes",
        "etwork", "netwo", "constructor", "the", "network giraffe",
    ],
    "ru": [
        "жираф", "фотосинтез", "ипотеки", "оркестр", "вулканами", "самовар",
        "криптовалюта", "оспроизведен", "подкре", "чтобы", "сеть жираф",
    ],
    "zh": [
        "长颈鹿", "光合作用", "区块链", "火山", "交响乐", "房贷", "恐龙", "网络目标", "习强",
        "化学习强", "网络恐龙",
    ],
}


@pytest.fixture(params=FOUND, scope="module")
def search(request, browser):
    """The search page in a language, reached from a chapter by the keyboard."""
    context = browser.new_context(viewport=DESKTOP)
    context.set_offline(True)
    context.add_init_script(f"localStorage.setItem('sphinx-design-tab-id-lang', '{request.param}')")
    tab, wrong = visit(context, "chapters/replay")
    tab.keyboard.press("Control+k")
    tab.keyboard.type(next(iter(FOUND[request.param])))
    tab.keyboard.press("Enter")
    tab.wait_for_selector("ul.search li")
    yield request.param, tab
    context.close()
    assert not wrong


def results(tab, query):
    """Type a query into the search field of the search page; return the addresses that it found."""
    field = tab.locator(".bd-search-container input")
    field.fill(query)
    field.press("Enter")
    assert tab.evaluate("new URLSearchParams(location.search).get('q')") == query
    return tab.locator("ul.search li > a").evaluate_all("all => all.map(e => e.getAttribute('href'))")


def test_what_is_there_is_found_and_what_is_not_is_not(search):
    language, tab = search
    missed = {query: page for query, page in FOUND[language].items()
              if page not in {address.partition(".html")[0] for address in results(tab, query)}}
    assert not missed
    said = {"en": "Nothing found", "ru": "Ничего не найдено", "zh": "没有找到"}[language]
    for query in ABSENT[language]:
        assert not results(tab, query), query
        assert tab.locator(".search-summary").inner_text() == said


def test_a_result_quotes_and_leads_to_its_place(search):
    language, tab = search
    query, form = {"en": ("overestimates", "overestimat"), "ru": ("целевой сетью", "целев|сет"),
                   "zh": ("经验回放", "经验回放")}[language]
    addresses = results(tab, query)
    assert all(re.search(r"\.html#.+", address) for address in addresses)
    marks = tab.locator("ul.search mark").all_inner_texts()
    assert len(marks) >= len(addresses)
    assert all(re.match(form, mark.lower()) for mark in marks), marks
    names = {"en": "en", "ru": "ru", "zh": "zh-CN"}
    quoted = tab.locator(f"ul.search li:has(p.context[lang={names[language]}] mark) > a").first
    before = quoted.get_attribute("href")
    quoted.click()
    tab.wait_for_load_state()
    place = tab.locator("[id='" + before.partition("#")[2] + "']")
    assert place.is_visible() and place.bounding_box()["y"] < 900
    tab.go_back()
    tab.wait_for_selector("ul.search li")
    assert tab.locator(".bd-search-container input").input_value() == query


def test_a_hit_in_another_language_opens_its_tab(context):
    """The reader's language stays what it was."""
    context.add_init_script("localStorage.setItem('sphinx-design-tab-id-lang', 'en')")
    tab, wrong = visit(context, "search")
    results(tab, "小批量")
    tab.locator("ul.search li:has(p[lang=zh-CN] mark) > a[href*=sd-tab-item]").first.click()
    tab.wait_for_load_state()
    place = tab.locator(f"[id='{tab.url.partition('#')[2]}']")
    assert place.evaluate("e => e.lang") == "zh-CN" and "小批量" in place.text_content()
    assert place.is_visible()
    assert tab.locator("#language").input_value() == "en"
    assert not wrong


def test_the_page_makes_the_same_words_as_the_index(context):
    tab, _ = visit(context, "search")
    texts = tab.evaluate("Object.values(SEARCH_TEXTS).flat().flatMap(([, title, , text]) => [title, text])")
    ours, language = set(), CourseSearch({})
    for word in {word for text in texts for word in language.split(text)}:
        ours.add(language.stem(word))
    theirs = set(tab.evaluate(
        "texts => [...new Set(texts.flatMap(splitQuery))].map(new Stemmer().stemWord)", texts))
    assert len(ours) > 10_000
    assert not theirs - ours
    assert all(HAN.fullmatch(word) and len(word) == 1 for word in ours - theirs)  # asked for only when alone
    index = (HTML / "searchindex.js").read_text(encoding="utf8")
    index = json.loads(index[index.index("(") + 1:index.rindex(")")])
    missing = ours - {*index["terms"], *index["titleterms"]}
    assert all(HAN.fullmatch(word) for word in missing) and len(missing) < 100  # pairs around emphasis
