"""Exercises of the chapter on tabular Q-learning."""

import torch

from course_rl.acting import random_argmax
from course_rl.check import Exercise, Mistake
from course_rl.returns import q_target
from course_rl.seeds import Seeds

GAMMA = 0.9
DRAWS = 4000  # a share of 1/2 is then known to 0.008, and rounds to the right twelfth


def tensor(x):
    return torch.as_tensor(x, dtype=torch.float32)


def target_case(generator):
    """Two seeds, three transitions, three actions; one transition has terminated."""
    discount = torch.full((2, 3), GAMMA)
    discount[0, 1] = 0.0
    q_next = tensor(generator.normal(size=(2, 3, 3)).round(1))
    return {"reward": tensor(generator.normal(size=(2, 3)).round(1)), "discount": discount, "q_next": q_next,
            "q_next_online": q_next.clone()}


def sweep_case(generator):
    """Three states, two actions; some steps terminate, so that rows sum to less than 1."""
    transition = generator.dirichlet([1.0] * 4, size=(3, 2)).round(1)[..., :3]  # the fourth outcome ends it
    return {"v": tensor(generator.normal(size=3).round(1)), "transition": tensor(transition),
            "reward": tensor(generator.normal(size=(3, 2)).round(1)), "gamma": GAMMA}


def sweep(v, transition, reward, gamma):
    return (reward + gamma * transition @ v).amax(1)


def ties_case(generator):
    """Two seeds, four actions: a few best ones, and one that is worse by a hair."""
    q = tensor(generator.integers(-2, 1, size=(2, 4)))
    best = q.amax(1, keepdim=True)
    hair = torch.as_tensor(generator.integers(4, size=(2, 1)))
    q = q.scatter(1, hair, best - 0.001)
    return {"q": q.scatter(1, (hair + 1) % 4, best)}


def shares(answer, q):
    """Share of every action in many draws, to the twelfth, and whether the same seeds draw the same again."""
    copies = q[:, None].expand(2, DRAWS, 4).clone()  # (S, E, A)
    action = [answer(copies, Seeds(2)) for _ in range(2)]
    if action[0] is None or action[0] is Ellipsis:
        return None
    for x in action:
        if tuple(x.shape) != (2, DRAWS):
            raise ValueError(f"actions of shape {tuple(x.shape)} for q (S, E, A) = {tuple(copies.shape)}")
    share = torch.stack([(action[0] == a).double().mean(1) for a in range(4)], 1)
    twelfths = [[round(round(12 * x) / 12, 3) for x in row] for row in share.tolist()]
    return twelfths, torch.equal(*action)


def noisy(q, rng):
    return (q + 0.01 * rng.uniform(*q.shape[1:])).argmax(-1)


def one_draw(q, rng):
    noise = rng.uniform(q.shape[2])[:, None]
    return torch.where(q == q.amax(-1, keepdim=True), noise, -1.0).argmax(-1)


def global_stream(q, rng):
    return torch.where(q == q.amax(-1, keepdim=True), torch.rand(q.shape), -1.0).argmax(-1)


EXERCISES = [
    Exercise(
        name="q-learning-target", section="“From expectation to sample” (q-learning)",
        solution=q_target, cases=target_case,
        mistakes=(
            Mistake("wrong sign",
                    lambda reward, discount, q_next, q_next_online: -(reward + discount * q_next.amax(-1)),
                    "The sign is reversed: the table would move away from what it has just seen.",
                    "符号反了：这样 Q 表会背离刚刚观测到的结果。",
                    "Знак перевёрнут: таблица удалялась бы от того, что только что увидела."),
            Mistake("no discount",
                    lambda reward, discount, q_next, q_next_online: reward + q_next.amax(-1),
                    "The value of the next state is not discounted, and it is "
                    "counted even after a terminal step.",
                    "下一状态的价值没有乘折扣，终止之后也照样计入。",
                    "Ценность следующего состояния не дисконтируется и "
                    "учитывается даже после терминального шага."),
            Mistake("bootstraps after termination",
                    lambda reward, discount, q_next, q_next_online: reward + GAMMA * q_next.amax(-1),
                    "After a terminal step nothing follows: multiply by "
                    "`discount`, which is 0 there, not by gamma.",
                    "终止之后不再有后续：应乘以 `discount`（终止处为 0），而不是乘以 gamma。",
                    "После терминального шага ничего не следует: умножайте на "
                    "`discount` (там он равен 0), а не на gamma."),
            Mistake("discounted reward",
                    lambda reward, discount, q_next, q_next_online: discount * (reward + q_next.amax(-1)),
                    "The reward of this step is discounted too; only what follows is.",
                    "本步的奖励也被打了折扣；只有后续部分才打折扣。",
                    "Награда этого шага тоже дисконтируется, а должно дисконтироваться только будущее."),
            Mistake("mean instead of max",
                    lambda reward, discount, q_next, q_next_online: reward + discount * q_next.mean(-1),
                    "This averages over the next actions: it is the value of "
                    "acting at random, not of acting best.",
                    "这里对下一步的动作取了平均：得到的是随机行动的价值，而不是最优行动的价值。",
                    "Здесь берётся среднее по следующим действиям: это ценность "
                    "случайных действий, а не лучших."),
            Mistake("argmax instead of max",
                    lambda reward, discount, q_next, q_next_online: reward + discount * q_next.argmax(-1),
                    "`argmax` gives the number of the best action; its value is needed.",
                    "`argmax` 给出的是最优动作的编号；这里需要的是它的价值。",
                    "`argmax` даёт номер лучшего действия, а нужна его ценность."),
            Mistake("max over the batch",
                    lambda reward, discount, q_next, q_next_online: reward + discount * q_next.max(),
                    "The maximum is taken over everything, seeds and transitions "
                    "too; take it over the last axis only.",
                    "最大值取遍了整个张量，连种子和转移也算在内；应只对最后一维取最大值。",
                    "Максимум взят по всему тензору, включая зёрна и переходы; нужен "
                    "максимум только по последней оси."),
        )),
    Exercise(
        name="value-iteration-sweep", section="“Value iteration is a contraction” (q-learning)",
        solution=sweep, cases=sweep_case,
        mistakes=(
            Mistake("mean instead of max",
                    lambda v, transition, reward, gamma: (reward + gamma * transition @ v).mean(1),
                    "This averages over the actions: one sweep for the random policy, not for the best one.",
                    "这里对动作取了平均：这是随机策略的一轮全表更新，而不是最优策略的。",
                    "Здесь берётся среднее по действиям: это проход для случайной "
                    "стратегии, а не для лучшей."),
            Mistake("no discount",
                    lambda v, transition, reward, gamma: (reward + transition @ v).amax(1),
                    "The discount factor is missing.",
                    "缺少折扣因子。",
                    "Пропущен коэффициент дисконтирования."),
            Mistake("parts maximised apart",
                    lambda v, transition, reward, gamma: reward.amax(1) + gamma * (transition @ v).amax(1),
                    "Reward and future are maximised apart: two different "
                    "actions. One action must give both.",
                    "奖励和未来价值是分别取最大值的，可能对应两个不同的动作；两者必须来自同一个动作。",
                    "Награда и будущее максимизируются порознь, разными действиями. "
                    "Действие должно быть одним и тем же."),
            Mistake("discounted reward",
                    lambda v, transition, reward, gamma: (gamma * (reward + transition @ v)).amax(1),
                    "The reward of this step is discounted too; only what follows is.",
                    "本步的奖励也被打了折扣；只有后续部分才打折扣。",
                    "Награда этого шага тоже дисконтируется, а должно дисконтироваться только будущее."),
            Mistake("best next state",
                    lambda v, transition, reward, gamma:
                    (reward + gamma * v.max() * transition.sum(2)).amax(1),
                    "This hopes for the best next state; the world draws it, so "
                    "average with the probabilities.",
                    "这里假定总能到达最好的下一状态；下一状态由环境随机决定，应按转移概率求期望。",
                    "Здесь расчёт на лучшее следующее состояние; его выбирает "
                    "среда, нужно среднее по вероятностям."),
            Mistake("max over states",
                    lambda v, transition, reward, gamma: (reward + gamma * transition @ v).amax(0),
                    "The maximum runs over the states; it must run over the actions, axis 1.",
                    "最大值取在状态这一维上；应在动作维（第 1 维）上取。",
                    "Максимум берётся по состояниям, а должен браться по действиям, ось 1."),
        )),
    Exercise(
        name="random-argmax", section="“Ties broken at random” (q-learning)",
        solution=random_argmax, cases=ties_case, run=shares,
        mistakes=(
            Mistake("first of the best", lambda q, rng: q.argmax(-1),
                    "Among equals this always takes the first: in a table of zeros, action 0 for ever.",
                    "平局时总是取第一个：在全零的表里永远选动作 0。",
                    "Среди равных всегда выбирается первое: в нулевой таблице это вечно действие 0."),
            Mistake("last of the best", lambda q, rng: q.shape[-1] - 1 - q.flip(-1).argmax(-1),
                    "Among equals this always takes the last.",
                    "平局时总是取最后一个。",
                    "Среди равных всегда выбирается последнее."),
            Mistake("any action", lambda q, rng: rng.integers(q.shape[2], q.shape[1]),
                    "This draws from all actions; only those with the largest value may be drawn.",
                    "这里从所有动作中抽取；只应从价值最大的动作中抽取。",
                    "Здесь выбор идёт из всех действий, а нужен выбор только из лучших."),
            Mistake("noise on the values", noisy,
                    "Noise added to the values also turns small differences around, not only ties.",
                    "给价值加噪声不仅会打破平局，还会颠倒本来存在的微小差别。",
                    "Шум, добавленный к ценностям, меняет местами не только равные, но и близкие значения."),
            Mistake("one draw for all environments", one_draw,
                    "All environments of a seed share one draw; every one of them needs its own.",
                    "同一种子的所有环境共用一次抽取；每个环境都应单独抽取。",
                    "Все среды одного зерна пользуются общим жребием; каждой нужен свой."),
            Mistake("a stream of its own", global_stream,
                    "The shares are right, but the same seeds give other actions "
                    "the next time: draw from `rng`.",
                    "比例是对的，但相同的种子下次会给出不同的动作：请从 `rng` 抽取。",
                    "Доли верны, но те же зёрна в следующий раз дадут другие "
                    "действия: берите числа из `rng`."),
        )),
]
