"""Exercises of the chapter on large catalogues."""

import math

import numpy as np
import torch

from course_rl.check import Exercise, Mistake

TOWERS = "“Action embeddings: describe the film, share the weights” (large-catalogues)"
SHORT = "“Candidates first, values second” (large-catalogues)"
LOOK = "“Attention over the history” (large-catalogues)"


def tensor(x):
    return torch.as_tensor(np.asarray(x), dtype=torch.float32)


def towers_case(generator):
    """Two seeds, two states, three films, four numbers in an embedding: small integers."""
    state, film, bias = (generator.integers(-3, 4, size=shape) for shape in ((2, 2, 4), (2, 3, 4), (2, 3)))
    return {"state": tensor(state), "film": tensor(film), "bias": tensor(bias)}


def two_towers(state, film, bias):
    return state @ film.mT + bias[:, None]


def listed_case(generator):
    """Two seeds, two subscribers, three candidates out of nine films; no two scores of a row are equal."""
    score = generator.permuted(np.tile(np.arange(-4, 5) / 2, (4, 1)), axis=1)[:, :3]
    film = generator.permuted(np.tile(np.arange(9), (4, 1)), axis=1)[:, :3]
    return {"score": tensor(score.reshape(2, 2, 3)), "film": torch.as_tensor(film.reshape(2, 2, 3))}


def best_listed(score, film):
    return film.gather(-1, score.argmax(-1, keepdim=True)).squeeze(-1)


def explore_case(generator):
    """One seed, four subscribers, five films of which three are listed; tickets are hundredths."""
    q = generator.permuted(np.tile(np.arange(-2, 3) / 4, (4, 1)), axis=1)
    for row in q:
        row[generator.permutation(5)[:2]] = -1e9
    ticket = generator.permuted(np.tile(np.arange(5, 100, 19) / 100, (4, 1)), axis=1)
    coin = generator.permutation([0.1, 0.2, 0.6, 0.9])
    return {"q": tensor(q[None]), "epsilon": 0.5, "coin": tensor(coin[None]), "ticket": tensor(ticket[None])}


def explore_listed(q, epsilon, coin, ticket):
    anyone = torch.where(q > -1e8, ticket, -1.0).argmax(-1)
    return torch.where(coin < epsilon, anyone, q.argmax(-1))


def attention_case(generator):
    """One seed, two films that ask, three places of which the last is empty, four numbers each."""
    query, key, value = (generator.integers(-2, 3, size=(1, n, 4)) for n in (2, 3, 3))
    return {"query": tensor(query), "key": tensor(key), "value": tensor(value),
            "empty": torch.tensor([[False, False, True]])}


def attend(query, key, value, empty, scale=True, masked=True, seat=True, axis=-1):
    logit = query @ key.mT / (math.sqrt(query.shape[-1]) if scale else 1.0)
    if masked:
        logit = logit.masked_fill(empty[:, None], -torch.inf)
    if seat:
        logit = torch.cat([logit, torch.zeros_like(logit[..., :1])], -1)
    weight = logit.softmax(axis)[..., :key.shape[1]]
    return weight.nan_to_num() @ value


def variant(**kwargs):
    return lambda query, key, value, empty: attend(query, key, value, empty, **kwargs)


EXERCISES = [
    Exercise(
        name="two-towers", section=TOWERS, solution=two_towers, cases=towers_case,
        mistakes=(
            Mistake("bias forgotten", lambda state, film, bias: state @ film.mT,
                    "The products are right, but every film also has its bias b_i: add it to its column.",
                    "内积是对的，但每部影片还有自己的偏置 b_i：请把它加到该影片对应的那一列。",
                    "Произведения верны, но у каждого фильма есть ещё смещение b_i: прибавьте его к столбцу "
                    "этого фильма."),
            Mistake("mean instead of sum", lambda state, film, bias: state @ film.mT / state.shape[-1]
                    + bias[:, None],
                    "A dot product is a sum over the D numbers; you have divided by D.",
                    "内积是对 D 个数求和；你多除了一个 D。",
                    "Скалярное произведение — сумма по D числам; вы разделили её на D."),
            Mistake("films of the first seed", lambda state, film, bias: state @ film[0].mT + bias[:, None],
                    "All seeds are given the films of seed 0: each seed has its own embeddings.",
                    "所有种子用的都是种子 0 的影片嵌入：每个种子有自己的一套嵌入。",
                    "Все зёрна получили фильмы нулевого зерна: у каждого зерна свои эмбеддинги."),
            Mistake("cosine", lambda state, film, bias: torch.nn.functional.cosine_similarity(
                        state[:, :, None], film[:, None], dim=-1) + bias[:, None],
                    "You divide by the lengths of the vectors: that is a cosine, and it cannot say how large "
                    "a value is.",
                    "你除以了向量的长度：这是余弦，它无法表示价值有多大。",
                    "Вы поделили на длины векторов: это косинус, а он не может сказать, насколько велика "
                    "ценность."),
        )),
    Exercise(
        name="best-listed", section=SHORT, solution=best_listed, cases=listed_case,
        mistakes=(
            Mistake("place in the list", lambda score, film: score.argmax(-1),
                    "This is the place in the list of candidates. The environment wants the number of the "
                    "film that stands there.",
                    "这是候选列表中的位置。环境需要的是该位置上影片的编号。",
                    "Это место в списке кандидатов. Среде нужен номер фильма, который там стоит."),
            Mistake("largest film number", lambda score, film: film.amax(-1),
                    "You take the maximum of the film numbers; the maximum of the scores decides.",
                    "你取的是影片编号的最大值；应由分数的最大值决定。",
                    "Вы взяли наибольший номер фильма; решает наибольшая оценка."),
            Mistake("first of the list", lambda score, film: film[..., 0],
                    "You take the first candidate whatever it scores: a shortlist is not sorted by value.",
                    "你总取第一个候选，不管它的分数：候选列表并不是按价值排序的。",
                    "Вы всегда берёте первого кандидата: список не упорядочен по ценности."),
            Mistake("worst", lambda score, film: film.gather(-1, score.argmin(-1, keepdim=True)).squeeze(-1),
                    "This is the candidate with the smallest score.",
                    "这是分数最小的候选影片。", "Это кандидат с наименьшей оценкой."),
        )),
    Exercise(
        name="explore-listed", section=SHORT, solution=explore_listed, cases=explore_case,
        mistakes=(
            Mistake("any film", lambda q, epsilon, coin, ticket:
                    torch.where(coin < epsilon, ticket.argmax(-1), q.argmax(-1)),
                    "You explore the whole catalogue: a film that is not listed can win the draw. Take its "
                    "ticket away.",
                    "你在整个片库中探索：不在候选中的影片也可能中签。请把它的签去掉。",
                    "Вы исследуете весь каталог: жребий может выпасть фильму не из списка. Отнимите у него "
                    "билет."),
            Mistake("coin upside down", lambda q, epsilon, coin, ticket:
                    explore_listed(q, 1 - epsilon, 1 - coin, ticket),
                    "You explore where the coin is at least epsilon: with a small epsilon that is nearly "
                    "always.",
                    "你在硬币不小于 epsilon 时才探索：epsilon 很小时，这几乎就是一直在探索。",
                    "Вы исследуете там, где монета не меньше epsilon: при малом epsilon это почти всегда."),
            Mistake("never", lambda q, epsilon, coin, ticket: q.argmax(-1),
                    "You never explore: the coin and the tickets are not used.",
                    "你从不探索：硬币和签都没有用到。",
                    "Вы никогда не исследуете: ни монета, ни билеты не участвуют."),
            Mistake("noisy values", lambda q, epsilon, coin, ticket:
                    torch.where(coin < epsilon, (q + ticket).argmax(-1), q.argmax(-1)),
                    "You add the ticket to the value: then good films are drawn more often. All listed films "
                    "must be equally likely.",
                    "你把签加到了价值上：这样好影片会更常被抽中。候选中的每部影片应当等可能。",
                    "Вы прибавили билет к ценности: хорошие фильмы будут выпадать чаще. Все фильмы списка "
                    "должны быть равновероятны."),
        )),
    Exercise(
        name="history-attention", section=LOOK, solution=variant(), cases=attention_case,
        mistakes=(
            Mistake("no empty seat", variant(seat=False),
                    "Your weights add up to 1 over the films of the history. The seat with logit 0 and value "
                    "0 must take part in the softmax.",
                    "你的权重在历史影片上之和为 1。logit 为 0、值为 0 的空座位也必须参与 softmax。",
                    "Ваши веса дают в сумме 1 по фильмам истории. В softmax должно участвовать и свободное "
                    "кресло с логитом 0 и значением 0."),
            Mistake("unfilled places attended to", variant(masked=False),
                    "Places of the history that are not filled get a weight too: set their logits to minus "
                    "infinity before the softmax.",
                    "历史中未填的位置也得到了权重：请在 softmax 之前把它们的 logit 设为负无穷。",
                    "Незаполненные места истории тоже получают вес: до softmax сделайте их логиты равными "
                    "минус бесконечности."),
            Mistake("not scaled", variant(scale=False),
                    "The logits are not divided by the square root of D.",
                    "logit 没有除以 D 的平方根。", "Логиты не поделены на корень из D."),
            Mistake("masked too late", lambda query, key, value, empty:
                    attend(query, key, value * ~empty[..., None], empty, masked=False),
                    "You remove the unfilled places after the softmax: they have taken their share of "
                    "the weight. Mask the logits.",
                    "你在 softmax 之后才去掉未填的位置：它们已经分走了一部分权重。应当遮蔽 logit。",
                    "Вы убираете незаполненные места после softmax, когда они уже получили свою долю веса. "
                    "Маскируйте логиты."),
            Mistake("over the films that ask", variant(axis=1),
                    "Your softmax runs over the films that ask; it must run over the places of the history.",
                    "你的 softmax 是沿提问的影片做的；应当沿历史的各个位置做。",
                    "Ваш softmax идёт по спрашивающим фильмам, а должен — по местам истории."),
        )),
]
