"""Exercises of the chapter on policy gradients."""

import torch
import torch.nn.functional as F

from course_rl.check import Exercise, Mistake
from course_rl.policy_gradient import standardize
from course_rl.returns import returns_to_go

SCORE = "“A policy with a derivative” (policy-gradient)"
REINFORCE = "“REINFORCE” (policy-gradient)"
BASELINES = "“Baselines” (policy-gradient)"
STANDARDISE = "“A mistake you will meet: standardising every episode” (policy-gradient)"


def integers(generator, low, high, *shape):
    """Whole numbers from `low` to `high`, as floats: short to print."""
    return torch.as_tensor(generator.integers(low, high + 1, size=shape), dtype=torch.float32)


def returns_case(generator):
    """Two seeds, five steps: an episode ends inside, a reward of 0 lies inside another, the last is open."""
    reward = integers(generator, 1, 4, 2, 5)
    ended = torch.zeros(2, 5, dtype=torch.bool)
    for row, end in enumerate(generator.permutation([1, 2])):
        ended[row, end] = True
        reward[row, generator.choice([0, 3])] = 0.0
    return {"reward": reward, "ended": ended, "gamma": 0.5}


def across_episodes(reward, ended, gamma):
    return returns_to_go(reward, torch.zeros_like(ended), gamma)


def last_reward_lost(reward, ended, gamma):
    return returns_to_go(reward * ~ended, ended, gamma)


def cut_a_step_late(reward, ended, gamma):
    after = torch.cat([torch.zeros_like(ended[:, :1]), ended[:, :-1]], 1)
    return returns_to_go(reward, after, gamma)


def from_the_start(reward, ended, gamma):
    """Every step of an episode gets the return of its first step, or gamma^t times its own."""
    age, out = torch.zeros_like(reward), returns_to_go(reward, ended, gamma)
    whole = out.clone()
    for row in range(len(reward)):
        start = 0
        for t in range(reward.shape[1]):
            whole[row, t], age[row, t] = out[row, start], t - start
            start = t + 1 if ended[row, t] else start
    return whole, gamma**age * out


def of_the_past(reward, ended, gamma):
    total, out = torch.zeros_like(reward[:, 0]), torch.empty_like(reward)
    for t in range(reward.shape[1]):
        total = gamma * total + reward[:, t]
        out[:, t] = total
        total = total * ~ended[:, t]
    return out


def score_case(generator):
    """Two seeds, three states, three actions."""
    return {"logits": integers(generator, -2, 2, 2, 3, 3),
            "action": torch.as_tensor(generator.integers(3, size=(2, 3)))}


def taken(logits, action):
    return F.one_hot(action, logits.shape[-1])


def softmax_score(logits, action):
    return taken(logits, action) - logits.softmax(-1)


def episodes_case(generator):
    """Two seeds, three episodes of at most three steps; what follows the end of one is junk."""
    length = torch.as_tensor(generator.permuted([[1, 2, 3], [2, 3, 1]], axis=1))
    valid = torch.arange(3)[:, None] < length[:, None]
    return {"returns": integers(generator, -4, 9, 2, 3, 3), "value": integers(generator, -4, 9, 2, 3, 3),
            "valid": valid}


def advantage_case(generator):
    case = episodes_case(generator)
    return {"advantage": case["returns"], "valid": case["valid"]}


def where_valid(answer, **case):
    """What an answer says of steps that are not valid is not asked."""
    result = answer(**case)
    same = isinstance(result, torch.Tensor) and result.shape == case["valid"].shape
    return result * case["valid"] if same else result


def per_episode_sums(returns, valid):
    """Sum and number of each episode's steps, (S, 1, E)."""
    return (returns * valid).sum(1, keepdim=True), valid.sum(1, keepdim=True)


def leave_one_out(returns, value, valid):
    total, steps = per_episode_sums(returns, valid)
    others = total.sum(2, keepdim=True) - total
    return (others / (steps.sum(2, keepdim=True) - steps)).expand_as(returns)


def own_included(returns, value, valid):
    total, steps = per_episode_sums(returns, valid)
    return (total.sum(2, keepdim=True) / steps.sum(2, keepdim=True)).expand_as(returns)


def divided_by_all(returns, value, valid):
    total, steps = per_episode_sums(returns, valid)
    return ((total.sum(2, keepdim=True) - total) / steps.sum(2, keepdim=True)).expand_as(returns)


def mean_of_means(returns, value, valid):
    total, steps = per_episode_sums(returns, valid)
    mean = total / steps
    return ((mean.sum(2, keepdim=True) - mean) / (mean.shape[2] - 1)).expand_as(returns)


def own_episode(returns, value, valid):
    total, steps = per_episode_sums(returns, valid)
    return (total / steps).expand_as(returns)


def moments(advantage, valid, dims):
    n = valid.sum(dims, keepdim=True)
    mean = (advantage * valid).sum(dims, keepdim=True) / n
    return mean, ((advantage - mean) ** 2 * valid).sum(dims, keepdim=True) / n, n


def standardized_over(dims):
    def answer(advantage, valid):
        mean, variance, _ = moments(advantage, valid, dims)
        return (advantage - mean) / (variance.sqrt() + 1e-8)
    return answer


def by_the_variance(advantage, valid):
    mean, variance, _ = moments(advantage, valid, (1, 2))
    return (advantage - mean) / (variance + 1e-8)


def by_n_minus_one(advantage, valid):
    mean, variance, n = moments(advantage, valid, (1, 2))
    return (advantage - mean) / ((variance * n / (n - 1)).sqrt() + 1e-8)


EXERCISES = [
    Exercise(
        name="reward-to-go", section=REINFORCE, cases=returns_case,
        solution=returns_to_go,
        mistakes=(
            Mistake("across episodes", across_episodes,
                    "Your returns run on into the next episode: nothing may follow a step with `ended`.",
                    "你的回报一直延续到了下一回合：在 `ended` 为真的那一步之后，不应再加任何奖励。",
                    "Ваш доход переходит в следующий эпизод: после шага, где `ended` истинно, ничего "
                    "прибавлять нельзя."),
            Mistake("cut where the reward is 0",
                    lambda reward, ended, gamma: returns_to_go(reward, reward == 0, gamma),
                    "You cut the sum where the reward is 0. It is `ended` that ends an episode, not a reward "
                    "of 0.",
                    "你在奖励为 0 的地方截断了求和。奖励为 0 并不表示回合结束，`ended` 才表示。",
                    "Вы обрываете сумму там, где награда равна 0. Эпизод кончается не нулевой наградой, "
                    "об этом говорит `ended`."),
            Mistake("last reward lost", last_reward_lost,
                    "The reward of an episode's last step is lost: the mask belongs to what follows that "
                    "step, not to its own reward.",
                    "回合最后一步的奖励丢了：掩码应作用于这一步之后的部分，而不是这一步自己的奖励。",
                    "Награда последнего шага эпизода потеряна: маска относится к тому, что следует за шагом, "
                    "а не к его собственной награде."),
            Mistake("cut a step late", cut_a_step_late,
                    "You use `ended` of the step before, so the cut comes one step late: the last step of "
                    "an episode takes over the return of the next one.",
                    "你用的是前一步的 `ended`，截断的位置错了一步：回合的最后一步接上了下一回合的回报。",
                    "Вы берёте `ended` предыдущего шага, и разрез сдвинут на шаг: последний шаг эпизода "
                    "получает доход следующего."),
            Mistake("whole return", lambda reward, ended, gamma: from_the_start(reward, ended, gamma)[0],
                    "Every step gets the return of its whole episode; a step's own return begins with its "
                    "own reward.",
                    "每一步得到的都是整个回合的回报；某一步的后续回报应从它自己的奖励开始。",
                    "Каждый шаг получает доход всего эпизода; собственный доход шага начинается с его "
                    "награды."),
            Mistake("discounted from the start",
                    lambda reward, ended, gamma: from_the_start(reward, ended, gamma)[1],
                    "Your discount counts from the start of the episode: this is gamma^t times the return "
                    "asked for.",
                    "你的折扣是从回合开头算起的：结果是所求回报的 gamma^t 倍。",
                    "Ваше дисконтирование считается от начала эпизода: это нужный доход, умноженный "
                    "на gamma^t."),
            Mistake("without discount",
                    lambda reward, ended, gamma: returns_to_go(reward, ended, 1.0),
                    "The discount is missing: what follows counts with the factor gamma.",
                    "缺少折扣：后面的部分应乘以 gamma。",
                    "Нет дисконтирования: то, что следует, умножается на gamma."),
            Mistake("of the past", of_the_past,
                    "You add up forwards: each step gets the rewards of its past. Go through the steps "
                    "backwards.",
                    "你是从前往后累加的：每一步得到的是过去的奖励。应从后往前计算。",
                    "Вы складываете вперёд: каждый шаг получает награды своего прошлого. Идите по шагам "
                    "от конца к началу."),
        )),
    Exercise(
        name="softmax-score", section=SCORE, solution=softmax_score, cases=score_case,
        mistakes=(
            Mistake("sign", lambda logits, action: -softmax_score(logits, action),
                    "The sign is reversed: this direction makes the action less likely.",
                    "符号反了：沿这个方向，该动作的概率会变小。",
                    "Знак обратный: в этом направлении действие становится менее вероятным."),
            Mistake("gradient of the probability",
                    lambda logits, action: softmax_score(logits, action)
                    * logits.softmax(-1).gather(-1, action[..., None]),
                    "This is the gradient of the probability; that of its logarithm is not multiplied by the "
                    "probability of the action.",
                    "这是概率本身的梯度；概率的对数的梯度不再乘以该动作的概率。",
                    "Это градиент самой вероятности; градиент её логарифма не умножается на вероятность "
                    "действия."),
            Mistake("only the action taken",
                    lambda logits, action: taken(logits, action) * softmax_score(logits, action),
                    "The other actions are missing: where one becomes more likely, the others must become "
                    "less likely.",
                    "缺少其他动作的分量：一个动作的概率变大，其他动作的概率就要变小。",
                    "Нет остальных действий: если одно становится вероятнее, другие становятся менее "
                    "вероятными."),
            Mistake("logits for probabilities",
                    lambda logits, action: taken(logits, action) - logits,
                    "You subtract the logits; subtract the probabilities, their softmax.",
                    "你减去的是 logits；应减去概率，即它们的 softmax。",
                    "Вы вычитаете логиты; вычитать нужно вероятности, то есть их softmax."),
            Mistake("softmax over the wrong axis",
                    lambda logits, action: taken(logits, action) - logits.softmax(1),
                    "Your softmax runs over the states; the actions are the last axis.",
                    "你沿着状态的轴做了 softmax；动作在最后一个轴上。",
                    "Ваш softmax взят по состояниям; действия — последняя ось."),
        )),
    Exercise(
        name="leave-one-out", section=BASELINES, solution=leave_one_out, cases=episodes_case,
        run=where_valid,
        mistakes=(
            Mistake("own episode included", own_included,
                    "The mean contains the episode itself: its returns depend on its actions, and such a "
                    "baseline biases.",
                    "平均值里包含了这一回合自己：它的回报依赖于它的动作，这样的基线会带来偏差。",
                    "В среднее входит и сам эпизод: его доход зависит от его действий, и такая базовая линия "
                    "смещает градиент."),
            Mistake("own episode only", own_episode,
                    "You take the mean of the episode itself; it is the only one to be left out.",
                    "你取的是这一回合自己的平均值；恰恰只有它应当被排除。",
                    "Вы берёте среднее самого эпизода, а исключить нужно именно его."),
            Mistake("divided by all steps", divided_by_all,
                    "The own returns are left out of the sum, but their steps still count in the divisor.",
                    "求和时去掉了自己的回报，但除数里仍算上了自己的步数。",
                    "Собственные доходы из суммы исключены, но их шаги остались в делителе."),
            Mistake("mean of the means", mean_of_means,
                    "You average the episodes' means: short and long episodes count alike. This does not "
                    "bias either, but asked is the mean over steps.",
                    "你对各回合的平均值再求平均：长短回合的权重相同。这也不会带来偏差，但题目要求的是对步求平均。",
                    "Вы усредняете средние эпизодов: короткие и длинные весят одинаково. Смещения это тоже "
                    "не даёт, но нужно среднее по шагам."),
            Mistake("steps that are not valid counted",
                    lambda returns, value, valid: leave_one_out(returns, value, torch.ones_like(valid)),
                    "Steps after the end of an episode are counted; `valid` tells which steps belong to it.",
                    "回合结束之后的步也被算了进去；`valid` 指明哪些步属于该回合。",
                    "Учтены шаги после конца эпизода; какие шаги ему принадлежат, говорит `valid`."),
            Mistake("the critic", lambda returns, value, valid: value,
                    "You return the critic's values; the baseline asked for is made of returns only.",
                    "你返回的是评论家给出的价值；题目要求的基线只由回报构成。",
                    "Вы возвращаете значения критика; нужная базовая линия состоит только из доходов."),
        )),
    Exercise(
        name="standardize-batch", section=STANDARDISE, solution=standardize, cases=advantage_case,
        run=where_valid,
        mistakes=(
            Mistake("every episode", standardized_over(1),
                    "You standardise every episode by itself: then good and bad ones cannot be told apart.",
                    "你对每个回合分别做了标准化：这样就分不出回合的好坏了。",
                    "Вы нормируете каждый эпизод отдельно: тогда хороший не отличить от плохого."),
            Mistake("every time step", standardized_over(2),
                    "You standardise every time step by itself, over the episodes; asked is one mean for all "
                    "steps of a seed.",
                    "你对每个时间步分别在各回合之间做了标准化；题目要求一个种子的所有步共用一个平均值。",
                    "Вы нормируете каждый момент времени отдельно, по эпизодам; нужно одно среднее для всех "
                    "шагов зерна."),
            Mistake("steps that are not valid counted",
                    lambda advantage, valid: standardize(advantage, torch.ones_like(valid)),
                    "Steps after the end of an episode are counted; `valid` tells which steps belong to it.",
                    "回合结束之后的步也被算了进去；`valid` 指明哪些步属于该回合。",
                    "Учтены шаги после конца эпизода; какие шаги ему принадлежат, говорит `valid`."),
            Mistake("all seeds together", standardized_over((0, 1, 2)),
                    "You average over the seeds too: axis 0 stays, every seed has its own mean and "
                    "deviation.",
                    "你把种子也一起平均了：应保留 0 轴，每个种子有自己的平均值和标准差。",
                    "Вы усреднили и по зёрнам: ось 0 остаётся, у каждого зерна своё среднее и отклонение."),
            Mistake("only the mean subtracted",
                    lambda advantage, valid: advantage - moments(advantage, valid, (1, 2))[0],
                    "The mean is gone, but the standard deviation is not 1 yet.",
                    "平均值已经去掉，但标准差还不是 1。",
                    "Среднее вычтено, но стандартное отклонение ещё не равно 1."),
            Mistake("divided by the variance", by_the_variance,
                    "You divide by the variance; the standard deviation is its square root.",
                    "你除以的是方差；标准差是方差的平方根。",
                    "Вы делите на дисперсию; стандартное отклонение — корень из неё."),
            Mistake("divided by n - 1", by_n_minus_one,
                    "Your variance divides by n - 1; here the mean square of the n numbers themselves is to "
                    "be 1.",
                    "你的方差除以了 n - 1；这里要求的是这 n 个数本身的均方为 1。",
                    "Ваша дисперсия делит на n - 1; здесь средний квадрат самих n чисел должен "
                    "равняться 1."),
        )),
]
