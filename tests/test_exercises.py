"""Every exercise: the solution accepted, every known wrong answer told its mistake, three languages alike."""

import re
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch

import course_rl as rl
from course_rl.check import LANGUAGES, examine
from course_rl.exercises import EXERCISES

CHAPTERS = sorted((Path(__file__).parent.parent / "chapters").glob("*.md"))
TABS = dict(zip(LANGUAGES, ("English", "中文", "Русский"), strict=True))
FENCED = re.compile(r"^(`{6,})\{(exercise|solution)\}([^\n]*)\n(.*?)^\1\s*$", re.M | re.S)
CELL = re.compile(r"^```\{code-cell\}[^\n]*\n(.*?)^```\s*$", re.M | re.S)
SCRIPTS = {"zh": re.compile(r"[\u4e00-\u9fff]"), "ru": re.compile(r"[а-яё]", re.I)}


def blocks(chapter):
    """[(kind, argument, label, body)] of the exercises and solutions of a chapter, in order."""
    found = []
    for _, kind, argument, body in FENCED.findall(chapter.read_text("utf-8")):
        label = re.search(r"^:label: (\S+)", body, re.M)
        found.append((kind, argument.strip(), label and label[1], body))
    return found


def cells(chapter):
    """Code of the chapter's cells, without their YAML."""
    return [re.sub(r"\A---\n.*?\n---\n", "", c, flags=re.S) for c in CELL.findall(chapter.read_text("utf-8"))]


def tabs(body):
    """language -> text of its tab."""
    parts = re.split(r"^`{4}\{tab-item\} (\S+)\s*$", body, flags=re.M)
    return {
        name: re.split(r"^`{4}\s*$", text, flags=re.M)[0]
        for name, text in zip(parts[1::2], parts[2::2], strict=True)
    }


EVERY = [(c.stem, *b) for c in CHAPTERS for b in blocks(c)]
IDS = [f"{b[0]}-{b[1]}-{b[3]}" for b in EVERY]
CODING = {
    name: chapter
    for chapter in CHAPTERS
    for cell in cells(chapter)
    for name in re.findall(r'rl\.check\("([^"]+)"', cell)
}


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda c: c.stem)
def test_at_least_four_each_with_a_solution_and_half_of_them_coding(chapter):
    found = blocks(chapter)
    exercises = [label for kind, _, label, _ in found if kind == "exercise"]
    solved = [argument for kind, argument, _, _ in found if kind == "solution"]
    coding = [name for name, where in CODING.items() if where == chapter]
    assert len(exercises) >= 4 and solved == exercises
    assert 2 * len(coding) >= len(exercises)
    assert all(":class: dropdown" in body for kind, _, _, body in found if kind == "solution")


def test_the_chapters_ask_what_the_module_knows():
    assert sorted(CODING) == sorted(EXERCISES)


@pytest.mark.parametrize("block", EVERY, ids=IDS)
def test_three_languages_say_the_same(block):
    body = block[-1]
    assert ":sync-group: lang" in body
    said = tabs(body)
    assert list(said) == list(TABS.values())
    for code, name in TABS.items():
        assert f":sync: {code}" in said[name]
    shared = [
        [
            sorted(re.findall(r"\$\$.+?\$\$|\$[^$]+\$", text, re.S)),
            sorted(re.findall(r"(?<!`)`[^`\n]+`(?!`)", text)),
            len(re.findall(r"^```\{", text, re.M)),
        ]
        for text in said.values()
    ]
    assert shared[0] == shared[1] == shared[2]  # formulas, names of code, hints
    quoted = re.compile(r"\$\$.+?\$\$|\$[^$]+\$|`[^`]*`", re.S)
    prose = {code: quoted.sub("", said[name]) for code, name in TABS.items()}
    assert all(len(SCRIPTS[code].findall(prose[code])) > 10 for code in SCRIPTS)
    assert not SCRIPTS["zh"].search(prose["en"]) and not SCRIPTS["ru"].search(prose["en"])


@pytest.mark.parametrize("name", sorted(EXERCISES))
def test_the_modules_solution_is_accepted_and_an_empty_answer_is_not_yet_one(name):
    assert examine(name, EXERCISES[name].solution).kind == "correct"
    assert examine(name, lambda *args, **kwargs: None).kind == "not yet"


@pytest.mark.parametrize("name", sorted(EXERCISES))
def test_wrong_answers_are_refused_each_with_its_own_message(name):
    mistakes = EXERCISES[name].mistakes
    assert len(mistakes) >= 3
    for mistake in mistakes:
        verdict = examine(name, mistake.answer)
        assert verdict.kind == mistake.name
        for code in LANGUAGES:
            assert getattr(mistake, code) in verdict.text[code]
        assert SCRIPTS["zh"].search(mistake.zh) and SCRIPTS["ru"].search(mistake.ru)
    for code in LANGUAGES:
        assert len({getattr(mistake, code) for mistake in mistakes}) == len(mistakes)


@pytest.mark.parametrize("name", sorted(EXERCISES))
def test_the_section_to_read_again_exists(name):
    title, chapter = re.fullmatch(r"“(.+)” \((.+)\)", EXERCISES[name].section).groups()
    text = (CHAPTERS[0].parent / f"{chapter}.md").read_text("utf-8")
    assert re.search(rf"^#+ {re.escape(title)}\s*$", text, re.M)


@pytest.mark.parametrize("name", sorted(CODING))
def test_the_printed_solution_is_accepted_and_the_starter_is_not_yet_one(name, capsys):
    chapter = CODING[name]
    starter = next(cell for cell in cells(chapter) if f'rl.check("{name}"' in cell)
    answer = re.search(rf'rl\.check\("{name}", (\w+)\)', starter)[1]
    world = {"torch": torch, "np": np, "rl": rl, "plt": plt}
    exec(starter, world)
    out = capsys.readouterr().out
    assert all(text in out for text in ("Not yet", "尚未完成", "Пока не решено"))
    solution = next(
        body
        for kind, argument, _, body in blocks(chapter)
        if kind == "solution" and re.search(rf"^(def|class) {answer}\b", body, re.M)
    )
    code = next(
        c
        for c in re.findall(r"^```python\n(.*?)^```", solution, re.M | re.S)
        if re.search(rf"(def|class) {answer}\b", c)
    )
    exec(code, world)
    assert examine(name, world[answer]).kind == "correct"


def wrong(**answer):
    return examine("double-q-target", lambda **case: answer["value"])


def test_any_other_wrong_answer_is_told_type_shape_or_value():
    assert wrong(value="text").kind == "type"
    assert wrong(value=torch.zeros(3)).kind == "shape"
    assert wrong(value=torch.zeros(2, 3)).kind == "value"
    assert wrong(value=torch.full((2, 3), float("nan"))).kind == "value"


def test_an_exception_and_a_changed_argument_are_told():
    def fails(**case):
        raise KeyError("q")

    def changes(reward, **case):
        return reward.add_(1)

    assert examine("double-q-target", fails).kind == "error"
    assert "KeyError: 'q'" in examine("double-q-target", fails).text["ru"]
    assert examine("double-q-target", changes).kind == "changed"


def test_feedback_names_the_input_and_speaks_the_chosen_language(capsys):
    try:
        rl.language("zh")
        rl.check("double-q-target", rl.q_target)
        out = capsys.readouterr().out
        assert "对于输入 reward = [[" in out and "请重读" in out and "expected" not in out
        rl.language()
        rl.check("double-q-target", rl.double_q_target)
        out = capsys.readouterr().out
        assert "[English] Correct" in out and "[中文] 正确" in out and "[Русский] Верно" in out
    finally:
        rl.language()
