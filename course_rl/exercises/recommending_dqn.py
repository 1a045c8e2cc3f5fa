"""Exercises of the chapter on DQN for recommendations."""

import torch
import torch.nn.functional as F

from course_rl.check import Exercise, Mistake

STATE = "“What the network sees” (recommending-dqn)"
SHARED = "“Read every film with the same weights” (recommending-dqn)"
FAR = "“One visit ahead, or many” (recommending-dqn)"
COLD = "“Cold start: nobody knows this user” (recommending-dqn)"


def history_case(generator):
    """Two seeds, one history of three places each, three films; an empty place only after all films."""
    length = generator.integers(1, 4, size=(2, 1, 1))
    history = generator.integers(1, 4, size=(2, 1, 3))
    history[torch.arange(3).numpy() >= length] = 0
    return {"history": torch.as_tensor(history), "n_films": 3}


def one_hot_history(history, n_films):
    return F.one_hot(history, n_films + 1).flatten(-2).float()


def layer_case(generator):
    """Two seeds, two rows, three films with two features, two outputs."""
    def whole(*shape):
        return torch.as_tensor(generator.integers(-3, 4, size=shape), dtype=torch.float32)
    return {"x": whole(2, 2, 3, 2), "alone": whole(2, 2, 2), "beside": whole(2, 2, 2)}


def _apply(x, weight):
    return torch.einsum("sbnf,sgf->sbng", x, weight)


def equivariant_layer(x, alone, beside):
    return _apply(x, alone) + _apply(x.mean(2, keepdim=True), beside)


def others_only(x, alone, beside):
    others = (x.sum(2, keepdim=True) - x) / (x.shape[2] - 1)
    return _apply(x, alone) + _apply(others, beside)


def clicks_case(generator):
    """Two seeds, two histories of two places, two films, three known users with one taste each."""
    history = generator.integers(0, 3, size=(2, 2, 2))
    history[history[..., 0] == 0] = 0  # the newest first: nothing comes after an empty place
    like = generator.choice([0.1, 0.2, 0.4, 0.5, 0.8], size=(3, 2))
    taste = generator.permuted([-1.0, 0.0, 2.0])[:, None]
    return {"history": torch.as_tensor(history), "like": torch.as_tensor(like, dtype=torch.float32),
            "taste": torch.as_tensor(taste, dtype=torch.float32)}


def _weights(history, like):
    """Likelihood (S, B, U) of the clicks in each history."""
    padded = torch.cat([torch.ones_like(like[:, :1]), like], 1)  # an empty place says nothing
    return padded[:, history].prod(-1).movedim(0, -1)


def posterior_taste(history, like, taste):
    weight = _weights(history, like)
    return weight / weight.sum(-1, keepdim=True) @ taste


def each_film_once(history, like, taste):
    clicked = F.one_hot(history, like.shape[1] + 1).amax(-2)[..., 1:]  # (S, B, N), 0 or 1
    weight = (like ** clicked[..., None, :]).prod(-1)
    return weight / weight.sum(-1, keepdim=True) @ taste


def shifted(history, like, taste):
    """Symbol i read as column i, the empty place as column 0."""
    padded = torch.cat([like, like[:, -1:]], 1)
    weight = padded[:, history].prod(-1).movedim(0, -1)
    return weight / weight.sum(-1, keepdim=True) @ taste


def sum_of_likes(history, like, taste):
    padded = torch.cat([torch.zeros_like(like[:, :1]), like], 1)
    weight = padded[:, history].sum(-1).movedim(0, -1)
    weight = torch.where((history == 0).all(-1, keepdim=True), 1.0, weight)
    return weight / weight.sum(-1, keepdim=True) @ taste


def share_case(generator):
    """Two seeds, three users; the optimum is above the myopic policy with every user."""
    myopic = generator.integers(2, 9, size=3)
    optimum = myopic + generator.integers(1, 9, size=3)
    agent = generator.integers(2, 13, size=(2, 3))
    numbers = {"agent": agent, "myopic": myopic, "optimum": optimum}
    return {name: torch.as_tensor(x, dtype=torch.float32) for name, x in numbers.items()}


def share_closed(agent, myopic, optimum):
    return (agent.mean(1) - myopic.mean()) / (optimum.mean() - myopic.mean())


EXERCISES = [
    Exercise(
        name="one-hot-history", section=STATE, solution=one_hot_history, cases=history_case,
        mistakes=(
            Mistake("no place for nothing",
                    lambda history, n_films:
                    F.one_hot(history, n_films + 1)[..., 1:].flatten(-2).float(),
                    "The symbol 0, an empty place, has lost its entry: each place has n_films + 1 entries.",
                    "符号 0（空位）没有自己的分量：每个位置应有 n_films + 1 个分量。",
                    "У символа 0, пустого места, нет своей координаты: на каждое место нужно n_films + 1 "
                    "координат."),
            Mistake("counts",
                    lambda history, n_films: F.one_hot(history, n_films + 1).sum(-2).float(),
                    "You add the unit vectors up: which film came last can no longer be seen. Put them side "
                    "by side.",
                    "你把单位向量相加了：这样就看不出哪部影片是最近看的。应把它们并排拼接。",
                    "Вы сложили единичные векторы: теперь не видно, какой фильм был последним. Ставьте их "
                    "рядом, один за другим."),
            Mistake("oldest first",
                    lambda history, n_films: one_hot_history(history.flip(-1), n_films),
                    "The order of the places is reversed: the newest film comes first, as in `history`.",
                    "位置的顺序反了：与 `history` 一样，最新的影片应排在最前。",
                    "Порядок мест обратный: первым, как и в `history`, идёт самый новый фильм."),
            Mistake("film by film",
                    lambda history, n_films: F.one_hot(history, n_films + 1).mT.flatten(-2).float(),
                    "Your row is ordered by film, then by place; it should be place after place.",
                    "你的行先按影片、再按位置排列；应当逐个位置排列。",
                    "Строка упорядочена по фильмам, а внутри по местам; нужно место за местом."),
            Mistake("numbers", lambda history, n_films: history.float(),
                    "These are still film numbers. A film's number is a name: turn each into a unit vector.",
                    "这还是影片编号。编号只是名字：应把每个编号变成一个单位向量。",
                    "Это по-прежнему номера. Номер фильма — это имя: превратите каждый в единичный вектор."),
        )),
    Exercise(
        name="equivariant-layer", section=SHARED, solution=equivariant_layer, cases=layer_case,
        mistakes=(
            Mistake("sum of all films",
                    lambda x, alone, beside: _apply(x, alone) + _apply(x.sum(2, keepdim=True), beside),
                    "You add the films up; the mean keeps its size when the catalogue grows.",
                    "你对影片求了和；用平均值，片库变大时数值的量级才不变。",
                    "Вы берёте сумму по фильмам; среднее не растёт вместе с каталогом."),
            Mistake("mean over the rows",
                    lambda x, alone, beside: _apply(x, alone) + _apply(x.mean(1, keepdim=True), beside),
                    "Your mean runs over the rows of the minibatch: transitions that have nothing to do with "
                    "one another. Average over the films, axis 2.",
                    "你沿小批量的行求了平均，而这些转移彼此无关。应沿影片所在的轴 2 求平均。",
                    "Среднее взято по строкам мини-батча, а это переходы, никак не связанные между собой. "
                    "Усредняйте по фильмам, по оси 2."),
            Mistake("each film alone", lambda x, alone, beside: _apply(x, alone),
                    "Each film is read alone: `beside` is not used, and no film knows of the others.",
                    "每部影片都只看到自己：没有用到 `beside`，影片之间互不知晓。",
                    "Каждый фильм читается сам по себе: `beside` не участвует, и о других фильмах "
                    "ничего не известно."),
            Mistake("mean of the others", others_only,
                    "You leave the film itself out of the mean. That is equivariant too, but not the layer "
                    "of this chapter: there the mean runs over all films.",
                    "你在求平均时去掉了影片本身。这样也是等变的，但不是本章的层：本章的平均包括所有影片。",
                    "Вы исключили из среднего сам фильм. Это тоже эквивариантно, но в слое этой главы "
                    "среднее берётся по всем фильмам."),
            Mistake("roles exchanged", lambda x, alone, beside: equivariant_layer(x, beside, alone),
                    "The two matrices have changed places: `alone` belongs to the film, `beside` to the "
                    "mean.",
                    "两个矩阵用反了：`alone` 作用于影片本身，`beside` 作用于平均值。",
                    "Матрицы перепутаны: `alone` относится к фильму, `beside` — к среднему."),
            Mistake("maximum",
                    lambda x, alone, beside: _apply(x, alone) + _apply(x.amax(2, keepdim=True), beside),
                    "You take the largest value of each feature, not the mean over the films.",
                    "你取的是每个特征的最大值，而不是对影片的平均值。",
                    "Вы берёте наибольшее значение каждого признака, а не среднее по фильмам."),
        )),
    Exercise(
        name="posterior-taste", section=COLD, solution=posterior_taste, cases=clicks_case,
        mistakes=(
            Mistake("symbols read as columns", shifted,
                    "Symbol 1 is film 0: `like[:, 0]`. Symbol 0 is an empty place and must not count.",
                    "符号 1 对应影片 0，即 `like[:, 0]`。符号 0 表示空位，不应计入。",
                    "Символ 1 — это фильм 0, то есть `like[:, 0]`. Символ 0 — пустое место, его не считают."),
            Mistake("sum of the probabilities", sum_of_likes,
                    "You add the probabilities. Given the user, the clicks are independent: the probability "
                    "of all of them is the product.",
                    "你把概率相加了。给定用户时各次点击相互独立，它们全部发生的概率是乘积。",
                    "Вы складываете вероятности. При заданном пользователе клики независимы, и вероятность "
                    "всех вместе равна произведению."),
            Mistake("not normalised",
                    lambda history, like, taste: _weights(history, like) @ taste,
                    "Your weights do not add up to 1: divide by their sum over the users.",
                    "权重之和不为 1：应除以它们对所有用户的总和。",
                    "Сумма весов не равна 1: разделите на их сумму по пользователям."),
            Mistake("most likely user only",
                    lambda history, like, taste: taste[_weights(history, like).argmax(-1)],
                    "You take the most likely user. The posterior mean weighs all of them.",
                    "你只取了最可能的那个用户。后验均值要对所有用户加权。",
                    "Вы взяли самого вероятного пользователя. Апостериорное среднее взвешивает всех."),
            Mistake("each film once", each_film_once,
                    "A film that was clicked twice counts twice: two clicks, two factors.",
                    "点击了两次的影片应计两次：两次点击，两个因子。",
                    "Фильм, на который кликнули дважды, считается дважды: два клика — два множителя."),
            Mistake("prior only",
                    lambda history, like, taste: taste.mean(0).expand(*history.shape[:2], -1).clone(),
                    "This is the mean of all users: the clicks are not used.",
                    "这是所有用户的平均：没有用到点击。",
                    "Это среднее по всем пользователям: клики не использованы."),
        )),
    Exercise(
        name="share-closed", section=FAR, solution=share_closed, cases=share_case,
        mistakes=(
            Mistake("mean of the shares",
                    lambda agent, myopic, optimum: ((agent - myopic) / (optimum - myopic)).mean(1),
                    "You average a share per user: users with a tiny gap then decide. Average the returns "
                    "first, divide afterwards.",
                    "你先求了每个用户的比例再平均：这样差距极小的用户会左右结果。应先平均回报，再相除。",
                    "Вы усредняете доли отдельных пользователей: всё решают те, у кого разрыв ничтожен. "
                    "Сначала усредните доходы, потом делите."),
            Mistake("share of the optimum",
                    lambda agent, myopic, optimum: agent.mean(1) / optimum.mean(),
                    "This is the share of the optimum. The gap begins at the myopic policy.",
                    "这是占最优值的比例。差距应从短视策略算起。",
                    "Это доля от оптимума. Разрыв отсчитывается от близорукой стратегии."),
            Mistake("gain over myopic",
                    lambda agent, myopic, optimum: (agent.mean(1) - myopic.mean()) / myopic.mean(),
                    "You divide by the myopic return; divide by the gap, optimum minus myopic.",
                    "你除以了短视策略的回报；应除以差距，即最优值减去短视策略的回报。",
                    "Вы делите на доход близорукой стратегии; делите на разрыв: оптимум минус её доход."),
            Mistake("gap that is left",
                    lambda agent, myopic, optimum: 1 - share_closed(agent, myopic, optimum),
                    "This is the share of the gap that is left; asked is the share that is closed.",
                    "这是剩下的差距所占的比例；要求的是已缩小的比例。",
                    "Это доля разрыва, которая осталась; нужна та, что закрыта."),
            Mistake("seeds averaged",
                    lambda agent, myopic, optimum: share_closed(agent, myopic, optimum).mean(),
                    "You average over the seeds too: axis 0 stays, one number per seed.",
                    "你把种子也平均掉了：应保留 0 轴，每个种子一个数。",
                    "Вы усреднили и по зёрнам: ось 0 остаётся, по одному числу на зерно."),
        )),
]
