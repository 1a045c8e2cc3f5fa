"""Exercises that answer: what is wrong, on which input, and where to read, in the reader's language.

An exercise knows the wrong answers that people give, as working functions. An answer that behaves like one of
them is told so; any other wrong answer is told the first input on which it differs.
"""

import copy
from typing import Any, NamedTuple

import numpy as np
import torch

from course_rl.guard import function, require

CASES = 20
LANGUAGES = ("en", "zh", "ru")
NAMES = {"en": "English", "zh": "中文", "ru": "Русский"}
_chosen = list(LANGUAGES)

TEXT = {
    "correct": ("Correct on {n} cases.", "正确：{n} 组输入全部通过。",
                "Верно: все входы проверены, {n} из {n}."),
    "not yet": ("Not yet: your function returns nothing. Fill in the three dots and run the cell again.",
                "尚未完成：函数没有返回值。请补全省略号处的代码，再运行一次。",
                "Пока не решено: функция ничего не возвращает. "
                "Замените многоточие кодом и запустите ячейку снова."),
    "error": ("Your function stops with {got}.", "函数运行时报错：{got}。",
              "Функция завершилась ошибкой: {got}."),
    "type": ("Your function returns {got}; a result like {want} is expected.",
             "函数返回了 {got}；应返回形如 {want} 的结果。",
             "Функция возвращает {got}, а нужно что-то вида {want}."),
    "shape": ("The shape of your result is {got}; it should be {want}.",
              "结果的形状是 {got}，应为 {want}。", "Форма результата {got}, а должна быть {want}."),
    "changed": ("Your function changes its arguments; compute new tensors instead.",
                "函数修改了传入的参数；请改为计算新的张量。",
                "Функция изменяет свои аргументы; вычисляйте новые тензоры."),
    "value": ("The numbers are not right yet.", "数值还不对。", "Числа пока неверны."),
    "input": ("For the input {case}\n  yours:    {got}\n  expected: {want}",
              "对于输入 {case}\n  你的结果：{got}\n  正确结果：{want}",
              "На входе {case}\n  у вас:     {got}\n  правильно: {want}"),
    "read": ("Read again: {section}.", "请重读：{section}。", "Перечитайте раздел {section}."),
}


class Mistake(NamedTuple):
    """A wrong answer people give: as a function, and what to say to it."""

    name: str
    answer: Any
    en: str
    zh: str
    ru: str


class Exercise(NamedTuple):
    """`cases(generator)` -> the arguments of one case, a dict; `run(answer, **case)` -> what is compared."""

    name: str
    section: str   # chapter file and section title: where the reader finds what is missing
    solution: Any
    cases: Any
    mistakes: tuple
    run: Any = staticmethod(lambda answer, **case: answer(**case))


class Verdict(NamedTuple):
    kind: str  # "correct", "not yet", a key of TEXT, or the name of a mistake
    text: dict  # language -> what to print


def language(code=None):
    """Choose the language of all feedback: "en", "zh" or "ru"; without an argument, all three again."""
    require(code in (None, *LANGUAGES), "language", code,
            f"one of {', '.join(LANGUAGES)}, or None for all three")
    _chosen[:] = LANGUAGES if code is None else [code]


def check(name, answer):
    """Check an answer and print what can be said about it."""
    text = examine(name, answer).text
    for code in _chosen:
        print(text[code] if len(_chosen) == 1 else f"[{NAMES[code]}] {text[code]}")


def examine(name, answer):
    """The verdict on an answer to the exercise `name`."""
    from course_rl.exercises import EXERCISES  # they import this module

    require(name in EXERCISES, "name", name, f"an exercise: {', '.join(EXERCISES)}")
    function("answer", answer, "that solves the exercise")
    exercise = EXERCISES[name]
    cases = [exercise.cases(np.random.default_rng(i)) for i in range(CASES)]
    got = [_outcome(exercise, answer, case) for case in cases]
    want = [_outcome(exercise, exercise.solution, case) for case in cases]
    wrong = [i for i in range(CASES) if not _same(got[i], want[i])]
    if not wrong:
        return Verdict("correct", _say("correct", n=CASES))
    first = wrong[0]
    if got[first].kind == "not yet":
        return Verdict("not yet", _say("not yet"))
    kind, said = _diagnose(exercise, cases, got, want, first)
    return Verdict(kind, _join(said, *_evidence(cases[first], got[first], want[first]),
                               _say("read", section=exercise.section)))


class _Outcome(NamedTuple):
    kind: str  # "value", "changed", "error", "not yet"
    value: Any


def _outcome(exercise, answer, case):
    given = copy.deepcopy(case)
    try:
        value = exercise.run(answer, **given)
    except Exception as error:  # whatever a learner's code raises becomes feedback
        return _Outcome("error", f"{type(error).__name__}: {error}")
    if value is None or value is Ellipsis:
        return _Outcome("not yet", None)
    changed = any(isinstance(x, torch.Tensor) and not torch.equal(x, case[key]) for key, x in given.items())
    return _Outcome("changed" if changed else "value", value)


def _numbers(x):
    """A result as a list of tensors, or None if it is none."""
    if isinstance(x, (tuple, list)) and any(isinstance(y, (torch.Tensor, tuple, list)) for y in x):
        parts = [_numbers(y) for y in x]
        return None if any(part is None for part in parts) else [y for part in parts for y in part]
    try:
        return [torch.as_tensor(x).detach().to(torch.float64)]
    except (TypeError, ValueError, RuntimeError):
        return None


def _same(a, b):
    if a.kind != b.kind or a.kind in ("error", "not yet"):
        return a.kind == b.kind
    a, b = _numbers(a.value), _numbers(b.value)
    if a is None or b is None or [x.shape for x in a] != [x.shape for x in b]:
        return False
    return all(torch.allclose(x, y, rtol=1e-4, atol=1e-5, equal_nan=True) for x, y in zip(a, b, strict=True))


def _diagnose(exercise, cases, got, want, first):
    for mistake in exercise.mistakes:
        theirs = [_outcome(exercise, mistake.answer, case) for case in cases]
        if all(map(_same, theirs, got)):
            return mistake.name, {"en": mistake.en, "zh": mistake.zh, "ru": mistake.ru}
    kind, value = got[first]
    if kind in ("error", "changed"):
        return kind, _say(kind, got=value)
    mine, theirs = _numbers(value), _numbers(want[first].value)
    if mine is None or len(mine) != len(theirs):
        return "type", _say("type", got=type(value).__name__, want=_show(want[first].value))
    shapes = [[tuple(x.shape) for x in y] for y in (mine, theirs)]
    if shapes[0] != shapes[1]:
        return "shape", _say("shape", got=_plain(shapes[0]), want=_plain(shapes[1]))
    return "value", _say("value")


def _evidence(case, got, want):
    if got.kind == "error":
        return []
    shown = ", ".join(f"{key} = {_show(x)}" for key, x in case.items())
    return [_say("input", case=shown, got=_show(got.value), want=_show(want.value))]


def _plain(items):
    return items[0] if len(items) == 1 else items


def _show(x):
    """A value in one short line."""
    if isinstance(x, torch.Tensor):
        x = x.detach().cpu()
        x = (x.double() * 1000).round().div(1000).tolist() if x.is_floating_point() else x.tolist()
    text = " ".join(str(x).split())
    return text if len(text) <= 300 else text[:300] + " …"


def _say(key, **values):
    return {code: text.format(**values) for code, text in zip(LANGUAGES, TEXT[key], strict=True)}


def _join(*parts):
    return {code: "\n".join(part[code] for part in parts) for code in LANGUAGES}
