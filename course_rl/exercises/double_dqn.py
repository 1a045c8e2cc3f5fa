"""Exercises of the chapter on Double DQN."""

import numpy as np
import torch

from course_rl.check import Exercise, Mistake
from course_rl.returns import double_q_target, q_target

BIAS = "“Why a maximum of noisy numbers is too large” (double-dqn)"
IDEA = "“The idea: select with one network, evaluate with the other” (double-dqn)"


def target_case(generator):
    """Two seeds, three transitions, four actions; one transition has terminated."""
    def normal(*shape):
        return torch.as_tensor(generator.normal(size=shape), dtype=torch.float32)
    discount = torch.full((2, 3), 0.9)
    discount[0, 1] = 0.0
    return {"reward": normal(2, 3), "discount": discount,
            "q_next": normal(2, 3, 4), "q_next_online": normal(2, 3, 4)}


def bias_case(generator):
    """Two seeds, four noisy estimates of two values; multiples of 0.5, short to print."""
    mean = generator.integers(-4, 5, size=(2, 2)) / 2
    noise = generator.integers(-4, 5, size=(2, 4, 2)) / 2
    return {"noisy": torch.as_tensor(mean[:, None] + noise, dtype=torch.float32),
            "mean": torch.as_tensor(mean, dtype=torch.float32)}


def max_bias(noisy, mean):
    return noisy.amax(-1).mean(1) - mean.amax(-1)


def estimates_case(generator):
    """Two seeds, three actions; no two estimates of a row are equal, so that no tie has to be broken."""
    a, b = (generator.permuted(np.tile(np.arange(-5, 6) / 2, (2, 1)), axis=1)[:, :3] for _ in range(2))
    return {"a": torch.as_tensor(a, dtype=torch.float32), "b": torch.as_tensor(b, dtype=torch.float32)}


def double_estimate(a, b):
    best = a.argmax(-1, keepdim=True)
    return b.gather(-1, best).squeeze(-1)


EXERCISES = [
    Exercise(
        name="double-q-target",
        section=IDEA,
        solution=double_q_target, cases=target_case,
        mistakes=(
            Mistake("max of the target network", q_target,
                    "This is DQN's target: the target network both selects and evaluates the action.",
                    "这是 DQN 的目标值：动作的选择和评估都由目标网络完成。",
                    "Это цель обычного DQN: целевая сеть и выбирает действие, и оценивает его."),
            Mistake("max of the online network",
                    lambda reward, discount, q_next, q_next_online:
                    reward + discount * q_next_online.amax(-1),
                    "The online network both selects and evaluates; evaluate with the target network.",
                    "动作的选择和评估都用了在线网络；评估应使用目标网络。",
                    "Онлайн-сеть и выбирает, и оценивает; оценивать должна целевая сеть."),
            Mistake("roles exchanged",
                    lambda reward, discount, q_next, q_next_online:
                    double_q_target(reward, discount, q_next_online, q_next),
                    "The roles are exchanged: the online network selects, the target network evaluates.",
                    "角色颠倒了：应由在线网络选动作，由目标网络评估。",
                    "Роли перепутаны: выбирает онлайн-сеть, оценивает целевая."),
        )),
    Exercise(
        name="max-bias", section=BIAS, solution=max_bias, cases=bias_case,
        mistakes=(
            Mistake("maximum of the averages", lambda noisy, mean: noisy.mean(1).amax(-1) - mean.amax(-1),
                    "You average first and take the maximum afterwards. An agent takes the maximum of each "
                    "noisy estimate; average these maxima.",
                    "你先求平均再取最大值。智能体是对每一组带噪声的估计取最大值；应对这些最大值求平均。",
                    "Вы сначала усредняете, а потом берёте максимум. Агент берёт максимум каждой зашумлённой "
                    "оценки; усредняйте эти максимумы."),
            Mistake("maximum over the wrong axis",
                    lambda noisy, mean: noisy.amax(1).mean(-1) - mean.amax(-1),
                    "Your maximum runs over the M estimates, your mean over the K actions: swap the axes.",
                    "你沿 M 组估计取了最大值，又沿 K 个动作求了平均：两个轴用反了。",
                    "Максимум взят по M оценкам, а среднее — по K действиям: поменяйте оси местами."),
            Mistake("nothing subtracted", lambda noisy, mean: noisy.amax(-1).mean(1),
                    "This is the average maximum. The bias is its distance from the largest true value.",
                    "这只是最大值的平均。偏差是它与真实价值最大值之差。",
                    "Это средний максимум. Смещение — его отличие от наибольшего истинного значения."),
            Mistake("maximum of the errors", lambda noisy, mean: (noisy - mean[:, None]).amax(-1).mean(1),
                    "You take the largest error, and it may belong to an action of little value. Subtract "
                    "after the maximum, not before.",
                    "你取的是最大的误差，它可能属于一个价值很小的动作。应在取最大值之后再相减，而不是之前。",
                    "Вы берёте наибольшую ошибку, а она может относиться к действию с малой ценностью. "
                    "Вычитайте после максимума, а не до него."),
            Mistake("absolute value",
                    lambda noisy, mean: (noisy.amax(-1) - mean.amax(-1, keepdim=True)).abs().mean(1),
                    "The absolute value loses the sign: a bias is an average in which errors may cancel.",
                    "取绝对值会丢掉符号：偏差是平均值，其中正负误差可以相互抵消。",
                    "Модуль теряет знак: смещение — это среднее, в котором ошибки могут сокращаться."),
            Mistake("average true value subtracted",
                    lambda noisy, mean: noisy.amax(-1).mean(1) - mean.mean(-1),
                    "You subtract the average of the true values; compare with their maximum.",
                    "你减去的是真实价值的平均值；应与它们的最大值比较。",
                    "Вы вычитаете среднее истинных значений, а сравнивать нужно с их максимумом."),
            Mistake("seeds averaged", lambda noisy, mean: max_bias(noisy, mean).mean(),
                    "You average over the seeds too: axis 0 stays, one number per seed.",
                    "你把种子也平均掉了：应保留 0 轴，每个种子一个数。",
                    "Вы усреднили и по зёрнам: ось 0 остаётся, по одному числу на зерно."),
        )),
    Exercise(
        name="double-estimate", section=IDEA, solution=double_estimate, cases=estimates_case,
        mistakes=(
            Mistake("maximum of b", lambda a, b: b.amax(-1),
                    "You ignore a: b both selects and evaluates, so this is an ordinary maximum.",
                    "没有用到 a：选择和评估都由 b 完成，这只是普通的最大值。",
                    "Оценка a не участвует: b и выбирает, и оценивает, это обычный максимум."),
            Mistake("maximum of a", lambda a, b: a.amax(-1),
                    "You ignore b: a both selects and evaluates, so this is an ordinary maximum.",
                    "没有用到 b：选择和评估都由 a 完成，这只是普通的最大值。",
                    "Оценка b не участвует: a и выбирает, и оценивает, это обычный максимум."),
            Mistake("roles exchanged", lambda a, b: double_estimate(b, a),
                    "The roles are exchanged: a selects the action, b says what it is worth.",
                    "角色颠倒了：应由 a 选动作，由 b 给出该动作的价值。",
                    "Роли перепутаны: a выбирает действие, b говорит, сколько оно стоит."),
            Mistake("minimum of the two maxima", lambda a, b: torch.minimum(a.amax(-1), b.amax(-1)),
                    "The smaller of two maxima is still a maximum of noisy numbers: each estimate values the "
                    "action that it has itself selected.",
                    "两个最大值中较小的那个仍是带噪声数值的最大值：每个估计评估的还是它自己选出的动作。",
                    "Меньший из двух максимумов остаётся максимумом зашумлённых чисел: каждая оценка говорит "
                    "о действии, которое сама и выбрала."),
            Mistake("maximum of the average", lambda a, b: ((a + b) / 2).amax(-1),
                    "The average has less noise, but its own maximum is taken: the same numbers select and "
                    "evaluate.",
                    "平均值的噪声较小，但你取的是它自己的最大值：选择和评估用的还是同一组数。",
                    "У среднего меньше шума, но взят его же максимум: одни и те же числа и выбирают, "
                    "и оценивают."),
            Mistake("all pairs of seeds", lambda a, b: b[:, a.argmax(-1)],
                    "`b[:, i]` takes the actions selected by all seeds for every seed; each row needs only "
                    "its own. Use `gather`.",
                    "`b[:, i]` 对每个种子都取了所有种子选出的动作；每一行只需要自己的动作。请使用 `gather`。",
                    "`b[:, i]` берёт для каждого зерна действия, выбранные всеми зёрнами; строке нужно "
                    "только своё. Используйте `gather`."),
        )),
]
