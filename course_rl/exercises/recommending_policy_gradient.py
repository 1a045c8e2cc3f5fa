"""Exercises of the chapter on policy gradients for recommendations."""

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


def taste_case(generator):
    """Two seeds, two visits, tastes of two numbers, four films; no two films score the same."""
    factor = torch.as_tensor(generator.integers(-4, 5, (4, 2)) + generator.random((4, 2)) / 4)
    factor = (factor * torch.tensor([1.0, 0.25]) + torch.tensor([2.0, 0.0])).float()
    taste = torch.as_tensor(generator.choice([-1.0, -0.5, 0.5, 1.0], size=(2, 2, 2))).float()
    return {"taste": taste, "factor": (factor * 1000).round() / 1000}


def standardised(factor):
    return (factor - factor.mean(0)) / factor.std(0, correction=0)


def to_film(taste, factor):
    return (taste @ standardised(factor).T).argmax(-1)


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
        name="rec-taste-to-film", section=CONTINUOUS, solution=to_film, cases=taste_case,
        mistakes=(
            Mistake("not standardised", lambda taste, factor: (taste @ factor.T).argmax(-1),
                    "The factors are not standardised: a factor of large mean or spread decides alone.",
                    "因子没有标准化：均值或离散程度大的那个因子会独自决定结果。",
                    "Факторы не стандартизованы: всё решает тот, у которого велики среднее или разброс."),
            Mistake("nearest",
                    lambda taste, factor: torch.cdist(
                        taste, standardised(factor).expand(len(taste), -1, -1)).argmin(-1),
                    "This is the nearest film. The largest product is asked: the length of the taste does "
                    "not count, only its direction.",
                    "这是距离最近的影片。要求的是乘积最大的：口味向量的长度不起作用，只有方向起作用。",
                    "Это ближайший фильм, а нужно наибольшее произведение: длина вектора вкуса не важна, "
                    "важно лишь направление."),
            Mistake("cosine",
                    lambda taste, factor: (taste @ torch.nn.functional.normalize(
                        standardised(factor), dim=-1).T).argmax(-1),
                    "You divide by the length of every film's vector; the product itself decides.",
                    "你除以了每部影片向量的长度；应由乘积本身决定。",
                    "Вы делите на длину вектора каждого фильма, а решает само произведение."),
            Mistake("per film",
                    lambda taste, factor: (taste @ ((factor - factor.mean(1, keepdim=True))
                                                    / factor.std(1, keepdim=True, correction=0)).T
                                           ).argmax(-1),
                    "You standardise every film over its factors; standardise every factor over the films.",
                    "你在每部影片内部对因子做了标准化；应在各影片之间对每个因子做标准化。",
                    "Вы стандартизовали каждый фильм по его факторам, а надо каждый фактор — по фильмам."),
            Mistake("smallest",
                    lambda taste, factor: (taste @ standardised(factor).T).argmin(-1),
                    "This is the film that lies farthest in the opposite direction.",
                    "这是在相反方向上最远的影片。",
                    "Это фильм, лежащий дальше всех в противоположном направлении."),
            Mistake("scores", lambda taste, factor: taste @ standardised(factor).T,
                    "These are the products with all films; the number of the best one is asked.",
                    "这些是与所有影片的乘积；要求的是最大者的编号。",
                    "Это произведения со всеми фильмами, а нужен номер лучшего."),
        )),
]
