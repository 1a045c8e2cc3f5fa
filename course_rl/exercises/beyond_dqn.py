"""Exercises of the chapter on dueling networks, prioritised replay and n-step returns."""

import numpy as np
import torch

from course_rl.check import Exercise, Mistake

# Dueling


def combine(value, advantage):
    return value + advantage - advantage.mean(-1, keepdim=True)


def streams_case(generator):
    """Two seeds, two observations, three actions; small integers."""
    def numbers(*shape):
        return torch.as_tensor(generator.integers(-6, 7, size=shape), dtype=torch.float32)
    return {"value": numbers(2, 2, 1), "advantage": numbers(2, 2, 3)}


# A walk through a sum-tree


def _walk(right=lambda u, left: u >= left, rest=lambda u, left: u - left,
          answer=lambda k, leaves: k - leaves):
    """From the root to a leaf, with the rules passed in."""
    def find(tree, u):
        k, leaves = 1, len(tree) // 2
        while k < leaves:
            k *= 2
            if right(u, tree[k]):
                u, k = rest(u, tree[k]), k + 1
        return answer(k, leaves)
    return find


find = _walk()


def tree_case(generator):
    """Four or eight integer priorities, some 0; u often lies on the border of two of them."""
    leaves = int(generator.choice([4, 8]))
    priority = generator.integers(0, 5, size=leaves)
    priority[generator.integers(leaves)] += 1  # never all 0
    tree = np.concatenate([np.zeros(leaves, int), priority])
    for k in range(leaves - 1, 0, -1):
        tree[k] = tree[2 * k] + tree[2 * k + 1]
    return {"tree": tree.tolist(), "u": int(generator.integers(2 * tree[1])) / 2}


# Importance weights


def weights(priority, index, beta):
    return (priority.amin(1, keepdim=True) / priority.gather(1, index)) ** beta


def _weights(largest):
    """(1 / (N P))^beta, divided by what `largest` makes of all weights (S, N) and those drawn (S, B)."""
    def answer(priority, index, beta):
        every = (priority.sum(1, keepdim=True) / (priority.shape[1] * priority)) ** beta
        drawn = every.gather(1, index)
        return drawn / largest(every, drawn)
    return answer


def weights_case(generator):
    """Two seeds, five priorities; the least probable transition of a seed is not always drawn."""
    priority = torch.stack([torch.as_tensor(generator.permutation(8)[:5] + 1.0) for _ in range(2)]).float()
    index = torch.as_tensor(generator.integers(0, 5, size=(2, 3)))
    return {"priority": priority, "index": index, "beta": float(generator.choice([0.5, 1.0]))}


# n-step targets that stop where the behaviour was not greedy


def _targets(stop=lambda greedy, t, k: not greedy[k], bootstrap=lambda value, k, last, terminated: value[k],
             power=lambda gamma, steps, n: gamma ** steps, weigh=lambda gamma, i: gamma ** i, after=False):
    """y of every step; step k is the candidate to be added, and not taken if `stop` (or taken last)."""
    def answer(reward, value, greedy, terminated, gamma, n):
        y, last = [], len(reward) - 1
        for t in range(len(reward)):
            total, k = reward[t], t
            while k < min(t + n - 1, last):
                halt = stop(greedy, t, k + 1)
                if halt and not after:
                    break
                k += 1
                total += weigh(gamma, k - t) * reward[k]
                if halt:
                    break
            if not (terminated and k == last):
                total += power(gamma, k - t + 1, n) * bootstrap(value, k, last, terminated)
            y.append(total)
        return y
    return answer


watkins = _targets()


def _first_too(reward, value, greedy, terminated, gamma, n):
    """The first action is asked as well: one step only where it was not greedy."""
    return [(watkins(reward, value, greedy, terminated, gamma, n if greedy[t] else 1))[t]
            for t in range(len(reward))]


def _bootstrapped_always(reward, value, greedy, terminated, gamma, n):
    return watkins(reward, value, greedy, False, gamma, n)


def episode_case(generator):
    """Six steps; the last one terminated in half of the cases, and was cut off in the others."""
    greedy = [bool(x) for x in generator.random(6) < 0.6]
    greedy[int(generator.integers(2, 5))] = False
    return {"reward": [float(x) for x in generator.integers(-4, 5, size=6)],
            "value": [float(x) for x in generator.integers(1, 9, size=6)], "greedy": greedy,
            "terminated": bool(generator.integers(2)), "gamma": 0.5, "n": int(generator.integers(2, 5))}


EXERCISES = [
    Exercise(
        name="beyond-dqn-combine", section="“Why the sum alone is not enough” (beyond-dqn)",
        solution=combine, cases=streams_case,
        mistakes=(
            Mistake("nothing subtracted", lambda value, advantage: value + advantage,
                    "This is the mere sum: V and the advantages can exchange a constant.",
                    "这只是两者之和：价值与优势之间可以互换一个常数。",
                    "Это просто сумма: ценность и преимущества могут обменяться константой."),
            Mistake("maximum subtracted",
                    lambda value, advantage: value + advantage - advantage.amax(-1, keepdim=True),
                    "You subtract the maximum. That is a variant too, but here the mean is asked for.",
                    "你减去的是最大值。这也是一种变体，但这里要求减去平均值。",
                    "Вы вычитаете максимум. Такой вариант тоже есть, но здесь нужно среднее."),
            Mistake("mean over the minibatch",
                    lambda value, advantage: value + advantage - advantage.mean(1, keepdim=True),
                    "Your mean runs over the observations of the minibatch; take it over the actions, the "
                    "last axis.",
                    "你是对小批量中的各个观测求平均；应沿最后一轴，即对动作求平均。",
                    "Среднее взято по наблюдениям мини-батча; берите его по действиям, то есть по последней "
                    "оси."),
            Mistake("one mean for all", lambda value, advantage: value + advantage - advantage.mean(),
                    "One mean for all seeds and observations: each observation has a mean of its own.",
                    "你对所有种子和观测只用了一个平均值：每个观测都应有自己的平均值。",
                    "Одно среднее на все зёрна и наблюдения: у каждого наблюдения оно своё."),
            Mistake("sum subtracted",
                    lambda value, advantage: value + advantage - advantage.sum(-1, keepdim=True),
                    "You subtract the sum of the advantages; divide it by their number.",
                    "你减去的是优势的总和；还应除以动作的个数。",
                    "Вы вычитаете сумму преимуществ; её нужно разделить на их число."),
            Mistake("mean of q",
                    lambda value, advantage: value + advantage - (value + advantage).mean(-1, keepdim=True),
                    "You subtract the mean of the sum: the value is gone from it. Only the advantages are "
                    "centred.",
                    "你减去的是两者之和的平均值，价值也随之消失了。只应让优势的均值为零。",
                    "Вы вычитаете среднее суммы, и ценность пропадает. Центрируются только преимущества."),
        )),
    Exercise(
        name="beyond-dqn-find", section="“Drawing in proportion: a sum-tree by hand” (beyond-dqn)",
        solution=find, cases=tree_case,
        mistakes=(
            Mistake("left sum not subtracted", _walk(rest=lambda u, left: u),
                    "When you go right, take off what lies to the left: u minus the left child's sum.",
                    "向右走时要减去左边的部分：u 减去左子节点的和。",
                    "Идя направо, отнимите то, что осталось слева: u минус сумма левого потомка."),
            Mistake("sides exchanged", _walk(right=lambda u, left: u < left,
                                             rest=lambda u, left: u),
                    "The sides are exchanged: if u is smaller than the left child's sum, it lies on "
                    "the left.",
                    "左右颠倒了：如果 u 小于左子节点的和，它就落在左边。",
                    "Стороны перепутаны: если u меньше суммы левого потомка, точка лежит слева."),
            Mistake("border to the left", _walk(right=lambda u, left: u > left),
                    "On the border, u equal to the left sum, the point belongs to the right: a segment "
                    "contains its left end only. Else a leaf with priority 0 could be drawn.",
                    "在边界上，即 u 等于左边的和时，该点属于右边：每一段只包含自己的左端点。"
                    "否则可能抽到优先级为 0 的叶子。",
                    "На границе, когда u равно сумме слева, точка принадлежит правой части: отрезок содержит "
                    "только левый конец. Иначе может выпасть лист с приоритетом 0."),
            Mistake("place in the tree", _walk(answer=lambda k, leaves: k),
                    "This is the place in the tree; the leaves are counted from 0.",
                    "这是节点在树中的位置；叶子应从 0 开始编号。",
                    "Это место в дереве; листья нумеруются с 0."),
            Mistake("largest leaf",
                    lambda tree, u: int(np.argmax(tree[len(tree) // 2:])),
                    "You return the leaf with the highest priority, whatever u is: nothing is drawn.",
                    "无论 u 是多少，你都返回优先级最高的叶子：这不是抽样。",
                    "Вы возвращаете лист с наибольшим приоритетом, каково бы ни было u: выбора нет."),
        )),
    Exercise(
        name="beyond-dqn-weights", section="“The rule” (beyond-dqn)",
        solution=weights, cases=weights_case,
        mistakes=(
            Mistake("not divided", _weights(lambda every, drawn: 1.0),
                    "Divide by the largest weight, so that none exceeds 1.",
                    "请除以最大的权重，使所有权重都不超过 1。",
                    "Разделите на наибольший вес, чтобы ни один не превышал 1."),
            Mistake("largest of the minibatch", _weights(lambda every, drawn: drawn.amax(1, keepdim=True)),
                    "You divide by the largest weight of the minibatch, which changes from draw to draw. "
                    "Take the largest of the whole memory.",
                    "你除以的是小批量中最大的权重，它每次抽取都会变化。应取整个记忆中的最大值。",
                    "Вы делите на наибольший вес мини-батча, а он меняется от выборки к выборке. Возьмите "
                    "наибольший по всей памяти."),
            Mistake("largest of all seeds",
                    lambda priority, index, beta: (priority.amin() / priority.gather(1, index)) ** beta,
                    "The minimum runs over all seeds: each seed has a memory of its own.",
                    "你对所有种子一起取了最小值：每个种子都有自己的记忆。",
                    "Минимум взят по всем зёрнам: у каждого зерна своя память."),
            Mistake("upside down",
                    lambda priority, index, beta:
                    (priority.gather(1, index) / priority.amax(1, keepdim=True)) ** beta,
                    "You give the largest weight to what is drawn most often; the weights have to make up "
                    "for that.",
                    "你把最大的权重给了最常被抽到的转移；权重的作用恰恰是抵消这一点。",
                    "Наибольший вес получает то, что выбирается чаще всего; веса должны это возмещать."),
            Mistake("beta forgotten",
                    lambda priority, index, beta: weights(priority, index, 1.0),
                    "The exponent beta is missing: this is the full correction always.",
                    "缺少指数 beta：这样得到的始终是完全修正。",
                    "Не хватает показателя beta: это всегда полная поправка."),
            Mistake("linear in beta",
                    lambda priority, index, beta: beta * weights(priority, index, 1.0),
                    "beta is an exponent, not a factor.",
                    "beta 是指数，而不是乘数。",
                    "beta — показатель степени, а не множитель."),
        )),
    Exercise(
        name="beyond-dqn-watkins", section="“Two errors, one of which grows” (beyond-dqn)",
        solution=watkins, cases=episode_case,
        mistakes=(
            Mistake("greedy ignored", _targets(stop=lambda greedy, t, k: False),
                    "This is the ordinary n-step target: it goes on past actions that were not greedy.",
                    "这是普通的 n 步目标值：遇到非贪心动作时仍继续向前。",
                    "Это обычная n-шаговая цель: она идёт дальше через действия, которые не были жадными."),
            Mistake("one step too far", _targets(after=True),
                    "You stop after the action that was not greedy. Its reward must not be in the sum.",
                    "你在非贪心动作之后才停下。它的奖励不应计入总和。",
                    "Вы останавливаетесь после нежадного действия. Его награды в сумме быть не должно."),
            Mistake("first action asked", _first_too,
                    "The first action need not be greedy: the target is about this very action.",
                    "第一个动作不必是贪心的：目标值正是关于这个动作的。",
                    "Первое действие не обязано быть жадным: цель говорит именно о нём."),
            Mistake("bootstrapped after termination", _bootstrapped_always,
                    "After a terminal state nothing follows: no value is added there.",
                    "终止状态之后什么都没有：那里不能再加价值。",
                    "После терминального состояния ничего нет: ценность там не прибавляется."),
            Mistake("always gamma^n", _targets(power=lambda gamma, steps, n: gamma ** n),
                    "The value counts gamma^k after k steps, and k may be smaller than n.",
                    "走了 k 步之后，价值要乘以 gamma^k，而 k 可能小于 n。",
                    "После k шагов ценность умножается на gamma^k, а k может быть меньше n."),
            Mistake("rewards not discounted", _targets(weigh=lambda gamma, i: 1.0),
                    "The rewards are added without discounting: the i-th further one counts gamma^i.",
                    "奖励相加时没有折扣：往后第 i 个奖励应乘以 gamma^i。",
                    "Награды складываются без дисконтирования: i-я следующая входит с множителем gamma^i."),
        )),
]
