"""Exercises of the chapter on policy gradients for recommendations."""

import numpy as np
import torch

from course_rl.check import Exercise, Mistake

NETWORK = "“A policy that reads films” (recommending-policy-gradient)"
ASPECTS = "“DQN and policy gradients, aspect by aspect” (recommending-policy-gradient)"
DIVERSITY = "“What diversity costs” (recommending-policy-gradient)"
CONTINUOUS = "“A score that flows” (recommending-policy-gradient)"


def choose(generator, values, *shape):
    return torch.as_tensor(generator.choice(values, size=shape), dtype=torch.float32)


def allowed_case(generator):
    """Two seeds, two visits, four films: one or two are forbidden, and the film shown is allowed."""
    allowed = torch.ones(2, 2, 4, dtype=torch.bool)
    action = torch.zeros(2, 2, dtype=torch.long)
    for s in range(2):
        for b in range(2):
            order = generator.permutation(4)
            allowed[s, b, order[:generator.integers(1, 3)]] = False
            action[s, b] = int(order[3])
    return {"score": choose(generator, [-2.0, -1.0, 1.0, 2.0], 2, 2, 4), "allowed": allowed, "action": action}


def pick(x, action):
    return x.gather(-1, action[..., None]).squeeze(-1)


def allowed_log_prob(score, allowed, action):
    return pick(score.masked_fill(~allowed, -torch.inf).log_softmax(-1), action)


def probability_case(generator):
    """Two seeds, two visits, four films; at least one has probability 0."""
    weight = torch.as_tensor(generator.choice([1.0, 2.0, 5.0], size=(2, 2, 4)), dtype=torch.float32)
    for s in range(2):
        for b in range(2):
            weight[s, b, generator.permutation(4)[:generator.integers(1, 3)]] = 0
    return {"probability": weight / weight.sum(-1, keepdim=True)}


def effective_films(probability):
    return torch.special.entr(probability).sum(-1).exp()


def weight_case(generator):
    """Two seeds, three visits; some ratios lie beyond the cap of 2."""
    return {"ratio": choose(generator, [0.25, 0.5, 1.0, 3.0, 4.0], 2, 3),
            "advantage": choose(generator, [-2.0, -1.0, 1.0, 2.0], 2, 3)}


def capped_surrogate(ratio, advantage):
    return ratio.clamp(max=2).detach() * ratio.log() * advantage


def slope(answer, ratio, advantage):
    """The derivative of the reader's surrogate by the ratio, (S, B); 0 where it carries no gradient."""
    ratio = ratio.requires_grad_()
    gain = answer(ratio, advantage)
    if gain is None or gain is Ellipsis:
        return None
    if not gain.requires_grad:
        return torch.zeros_like(ratio)
    return torch.autograd.grad(gain.sum(), ratio)[0]


def neighbour_case(generator):
    """Two seeds, two visits, tastes of two numbers, five films, of which two or three are neighbours."""
    taste = torch.as_tensor(generator.choice([-1.0, -0.5, 0.5, 1.0], size=(2, 2, 2))).float()
    factor = torch.as_tensor(generator.integers(-30, 31, (5, 2)) / 10).float()
    q = torch.as_tensor(np.stack([generator.permutation(5) + 1 for _ in range(4)])).float().reshape(2, 2, 5)
    return {"taste": taste, "factor": factor, "q": q, "k": int(generator.integers(2, 4))}


def distance(taste, factor):
    return torch.cdist(taste, factor.expand(len(taste), -1, -1))


def best_of(near, q):
    """Of the films near (S, B, k) the one with the largest q: (S, B)."""
    return near.gather(-1, q.gather(-1, near).argmax(-1, keepdim=True)).squeeze(-1)


def best_neighbour(taste, factor, q, k):
    return best_of(distance(taste, factor).topk(k, largest=False).indices, q)


EXERCISES = [
    Exercise(
        name="rec-allowed", section=NETWORK, solution=allowed_log_prob, cases=allowed_case,
        mistakes=(
            Mistake("mask ignored", lambda score, allowed, action: pick(score.log_softmax(-1), action),
                    "The forbidden films still take part of the probability. Mask before the softmax, so "
                    "that the allowed films add up to 1.",
                    "被禁止的影片仍然占有一部分概率。应在 softmax 之前屏蔽，使允许的影片概率之和为 1。",
                    "Запрещённые фильмы по-прежнему забирают часть вероятности. Накладывайте маску до "
                    "softmax, чтобы вероятности разрешённых давали в сумме 1."),
            Mistake("score set to zero",
                    lambda score, allowed, action: pick((score * allowed).log_softmax(-1), action),
                    "A score of 0 is a score like any other: its film keeps the weight exp(0) = 1. Which "
                    "score has the weight 0?",
                    "0 分也是一个普通的分数：该影片仍有权重 exp(0) = 1。什么分数的权重是 0？",
                    "Нуль — такая же оценка, как и любая другая: у фильма остаётся вес exp(0) = 1. А при "
                    "какой оценке вес равен 0?"),
            Mistake("mask inverted",
                    lambda score, allowed, action: pick(
                        score.masked_fill(allowed, -1e9).log_softmax(-1), action),
                    "You have forbidden the films that are allowed.",
                    "你禁止的恰恰是允许的影片。",
                    "Вы запретили как раз разрешённые фильмы."),
            Mistake("probability",
                    lambda score, allowed, action: allowed_log_prob(score, allowed, action).exp(),
                    "This is the probability; its logarithm is asked.",
                    "这是概率；要求的是它的对数。",
                    "Это вероятность, а нужен её логарифм."),
            Mistake("all films",
                    lambda score, allowed, action: score.masked_fill(~allowed, -torch.inf).log_softmax(-1),
                    "One number per film; only that of the film shown is asked.",
                    "这里每部影片一个数；只要所推荐的那一部。",
                    "Здесь по числу на каждый фильм, а нужно только для показанного."),
        )),
    Exercise(
        name="rec-effective", section=DIVERSITY, solution=effective_films, cases=probability_case,
        mistakes=(
            Mistake("not a number",
                    lambda probability: (-(probability * probability.log()).sum(-1)).exp(),
                    "0 times log 0 is not a number for the computer, and 0 by definition here.",
                    "对计算机来说 0 乘以 log 0 不是数，而这里按定义它等于 0。",
                    "Для компьютера 0, умноженный на log 0, — не число, а здесь это по определению 0."),
            Mistake("entropy", lambda probability: torch.special.entr(probability).sum(-1),
                    "This is the entropy in nats. A number of films is its exponential.",
                    "这是以奈特为单位的熵。它的指数才是影片数。",
                    "Это энтропия в натах. Число фильмов — её экспонента."),
            Mistake("two bases",
                    lambda probability: 2 ** torch.special.entr(probability).sum(-1),
                    "The logarithm is natural and the power has base 2; take the same base twice.",
                    "对数是自然对数，而幂的底是 2；两处应使用同一个底。",
                    "Логарифм натуральный, а основание степени 2; основания должны совпадать."),
            Mistake("inverse Simpson", lambda probability: 1 / (probability**2).sum(-1),
                    "One over the sum of squares is another effective number, which counts rare films less. "
                    "The exponential of the entropy is asked.",
                    "平方和的倒数是另一种有效数，稀少的影片在其中算得更少。这里要求的是熵的指数。",
                    "Единица, делённая на сумму квадратов, — другое эффективное число, в котором редкие "
                    "фильмы весят меньше. Нужна экспонента энтропии."),
            Mistake("counted", lambda probability: (probability > 0).sum(-1),
                    "You count the films that are possible at all, however improbable.",
                    "你数的是所有可能出现的影片，不管它们的概率多小。",
                    "Вы считаете все фильмы, которые вообще возможны, сколь угодно маловероятные."),
            Mistake("sign", lambda probability: (-torch.special.entr(probability).sum(-1)).exp(),
                    "Your number lies below 1: the sign of the entropy is wrong.",
                    "结果小于 1：熵的符号错了。",
                    "Ваше число меньше 1: у энтропии неверный знак."),
            Mistake("mean over visits",
                    lambda probability: torch.special.entr(probability).sum(-1).mean(1).exp(),
                    "You average over the visits; one number for every visit is asked.",
                    "你对访问求了平均；每次访问要有一个数。",
                    "Вы усредняете по визитам, а нужно по числу на каждый визит."),
        )),
    Exercise(
        name="rec-capped-weight", section=ASPECTS, solution=capped_surrogate, cases=weight_case, run=slope,
        mistakes=(
            Mistake("clamped with gradient", lambda ratio, advantage: ratio.clamp(max=2) * advantage,
                    "Beyond the cap your surrogate is constant: such a visit teaches nothing. The weight is "
                    "capped, the score function stays.",
                    "超过上限后你的代理目标是常数：这样的访问什么也教不了。被截断的是权重，得分函数保留。",
                    "За порогом ваша цель постоянна, и такой визит ничему не учит. Ограничивается вес, а "
                    "функция вклада остаётся."),
            Mistake("no cap", lambda ratio, advantage: ratio * advantage,
                    "Nothing is capped: a ratio of 4 weighs 4 times.",
                    "没有截断：比值为 4 的访问权重就是 4。",
                    "Порога нет: визит с отношением 4 весит вчетверо больше."),
            Mistake("no gradient",
                    lambda ratio, advantage: (ratio.clamp(max=2) * ratio.log() * advantage).detach(),
                    "Your surrogate carries no gradient. Only the weight is a constant, not the logarithm.",
                    "你的代理目标不带梯度。只有权重是常数，对数不是。",
                    "Ваша цель не несёт градиента. Постоянен только вес, а не логарифм."),
            Mistake("weight with gradient",
                    lambda ratio, advantage: ratio.clamp(max=2) * ratio.log() * advantage,
                    "The gradient also goes through the weight: detach it.",
                    "梯度也流经了权重：请对它使用 detach。",
                    "Градиент идёт и через вес: отсоедините его с помощью detach."),
            Mistake("no logarithm",
                    lambda ratio, advantage: ratio.clamp(max=2).detach() * ratio * advantage,
                    "The derivative of the ratio is the ratio times that of log pi: the weight enters twice. "
                    "Multiply by the logarithm.",
                    "比值的导数等于比值乘以 log pi 的导数：权重被乘了两次。应乘以对数。",
                    "Производная отношения — это отношение, умноженное на производную log pi: вес входит "
                    "дважды. Умножайте на логарифм."),
            Mistake("unweighted", lambda ratio, advantage: ratio.log() * advantage,
                    "There is no weight: you treat the films of the old policy as your own.",
                    "没有权重：你把旧策略选的影片当成了自己选的。",
                    "Веса нет: фильмы старой стратегии вы считаете своими."),
            Mistake("floor",
                    lambda ratio, advantage: ratio.clamp(min=2).detach() * ratio.log() * advantage,
                    "You lift small weights to 2; large ones are to be lowered to 2.",
                    "你把小权重抬高到了 2；应当把大权重降到 2。",
                    "Вы поднимаете малые веса до 2, а надо опускать до 2 большие."),
        )),
    Exercise(
        name="rec-best-neighbour", section=CONTINUOUS, solution=best_neighbour, cases=neighbour_case,
        mistakes=(
            Mistake("nearest", lambda taste, factor, q, k: distance(taste, factor).argmin(-1),
                    "This is the nearest film; the critic is to choose among the k nearest.",
                    "这是距离最近的影片；应由评论家在最近的 k 部中选择。",
                    "Это ближайший фильм, а выбирать из k ближайших должен критик."),
            Mistake("best of all", lambda taste, factor, q, k: q.argmax(-1),
                    "This is the best film of the whole catalogue; the taste has no say. Choose among its k "
                    "nearest films only.",
                    "这是整个片库中最好的影片，口味向量没有起作用。只应在离它最近的 k 部中选择。",
                    "Это лучший фильм всего каталога, и вектор вкуса ни на что не влияет. Выбирайте только "
                    "из k ближайших к нему."),
            Mistake("largest product",
                    lambda taste, factor, q, k: best_of((taste @ factor.T).topk(k).indices, q),
                    "You take the k films with the largest inner product; the k smallest distances are "
                    "asked.",
                    "你取的是内积最大的 k 部影片；要求的是距离最小的 k 部。",
                    "Вы берёте k фильмов с наибольшим скалярным произведением, а нужны k наименьших "
                    "расстояний."),
            Mistake("farthest",
                    lambda taste, factor, q, k: best_of(distance(taste, factor).topk(k).indices, q),
                    "These are the k films that lie farthest: topk takes the largest unless told otherwise.",
                    "这是距离最远的 k 部影片：topk 默认取最大的。",
                    "Это k самых далёких фильмов: topk по умолчанию берёт наибольшие."),
            Mistake("place",
                    lambda taste, factor, q, k: q.gather(
                        -1, distance(taste, factor).topk(k, largest=False).indices).argmax(-1),
                    "This is the place of the best film among its k neighbours; its number in the catalogue "
                    "is asked.",
                    "这是最好的影片在 k 部近邻中的位置；要求的是它在片库中的编号。",
                    "Это место лучшего фильма среди k соседей, а нужен его номер в каталоге."),
            Mistake("smallest value",
                    lambda taste, factor, q, k: best_of(
                        distance(taste, factor).topk(k, largest=False).indices, -q),
                    "Among the neighbours you take the film with the smallest value.",
                    "在近邻中你取了价值最小的影片。",
                    "Из соседей вы берёте фильм с наименьшей ценностью."),
            Mistake("value",
                    lambda taste, factor, q, k: q.gather(
                        -1, distance(taste, factor).topk(k, largest=False).indices).amax(-1),
                    "This is the largest value among the neighbours; the number of its film is asked.",
                    "这是近邻中最大的价值；要求的是对应影片的编号。",
                    "Это наибольшая ценность среди соседей, а нужен номер её фильма."),
        )),
]
