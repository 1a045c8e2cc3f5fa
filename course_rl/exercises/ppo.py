"""Exercises of the chapter on proximal policy optimisation."""

import torch

from course_rl.check import Exercise, Mistake
from course_rl.distributions import Gaussian
from course_rl.policy_gradient import clipped

FAR = "“How far may a policy move?” (ppo)"
CLIP = "“PPO: no gain from going further” (ppo)"
CONTINUOUS = "“Continuous actions” (ppo)"
SQUASHING = "“Squashing” (ppo)"


def choose(generator, values, *shape):
    return torch.as_tensor(generator.choice(values, size=shape), dtype=torch.float32)


def surrogate_case(generator):
    """Two seeds, three actions; ratios on both sides of the limits, advantages of both signs."""
    return {"ratio": choose(generator, [0.25, 0.5, 1.0, 1.5, 2.0], 2, 3),
            "advantage": choose(generator, [-2.0, -1.0, 1.0, 2.0], 2, 3)}


def ratio_case(generator):
    """Two seeds, four actions."""
    return {"ratio": choose(generator, [0.25, 0.5, 1.0, 2.0, 3.0], 2, 4)}


def kl_estimate(ratio):
    return (ratio - 1 - ratio.log()).mean(1)


def gaussian_case(generator):
    """Two seeds, two states, actions of two numbers; no log_std is 0, so none is lost in a product."""
    return {"mean": choose(generator, [-1.0, 0.0, 1.0], 2, 2, 2),
            "log_std": choose(generator, [-1.0, -0.5, 0.5, 1.0], 2, 2, 2),
            "action": choose(generator, [-2.0, -0.5, 0.5, 2.0], 2, 2, 2)}


def gaussian_log_prob(mean, log_std, action):
    return Gaussian(mean, log_std).log_prob(action)


def tanh_case(generator):
    """Two seeds, two states, actions of two numbers."""
    case = gaussian_case(generator)
    return {"mean": case["mean"], "log_std": case["log_std"],
            "u": choose(generator, [-1.5, -0.5, 0.5, 1.5], 2, 2, 2)}


def tanh_log_prob(mean, log_std, u):
    return Gaussian(mean, log_std).log_prob(u) - (1 - u.tanh() ** 2).log().sum(-1)


EXERCISES = [
    Exercise(
        name="ppo-clipped", section=CLIP, solution=clipped(0.2), cases=surrogate_case,
        mistakes=(
            Mistake("no minimum", lambda ratio, advantage: ratio.clamp(0.8, 1.2) * advantage,
                    "You clip without taking the minimum: an action that has moved in the wrong direction "
                    "gets no gradient that would bring it back.",
                    "你只截断而没有取最小值：已经朝错误方向移动的动作得不到任何能把它拉回来的梯度。",
                    "Вы усекаете, но не берёте минимум: действие, сдвинувшееся не в ту сторону, не получает "
                    "градиента, который вернул бы его."),
            Mistake("maximum",
                    lambda ratio, advantage: torch.maximum(ratio * advantage,
                                                           ratio.clamp(0.8, 1.2) * advantage),
                    "The maximum keeps the better of the two values and so favours going further; take the "
                    "minimum.",
                    "最大值保留了两者中较大的一个，于是会奖励走得更远；应取最小值。",
                    "Максимум оставляет большее из двух и поощряет уходить дальше; нужен минимум."),
            Mistake("unlimited", lambda ratio, advantage: ratio * advantage,
                    "This is the surrogate without a limit: nothing stops the ratio.",
                    "这是没有限制的代理目标：没有任何东西约束概率比。",
                    "Это суррогатная цель без ограничения: отношение ничто не сдерживает."),
            Mistake("minimum before the product",
                    lambda ratio, advantage: torch.minimum(ratio, ratio.clamp(0.8, 1.2)) * advantage,
                    "You take the smaller ratio and multiply afterwards. With a negative advantage the "
                    "smaller ratio gives the larger product: compare the products.",
                    "你先取了较小的概率比再相乘。优势为负时，较小的概率比给出较大的乘积：应比较两个乘积。",
                    "Вы берёте меньшее отношение и потом умножаете. При отрицательном преимуществе меньшее "
                    "отношение даёт большее произведение: сравнивайте произведения."),
            Mistake("product clipped",
                    lambda ratio, advantage: torch.minimum(ratio * advantage,
                                                           (ratio * advantage).clamp(0.8, 1.2)),
                    "You clip the product. It is the ratio that must lie between 0.8 and 1.2; the advantage "
                    "may be any number.",
                    "你截断了乘积。应当限制在 0.8 与 1.2 之间的是概率比；优势可以是任意数。",
                    "Вы усекаете произведение. Между 0.8 и 1.2 должно лежать отношение; преимущество может "
                    "быть любым числом."),
            Mistake("sign of a loss", lambda ratio, advantage: -clipped(0.2)(ratio, advantage),
                    "This is a loss. The surrogate is maximised; the minus is put before it by the engine.",
                    "这是损失。代理目标是要最大化的；负号由引擎加上。",
                    "Это функция потерь. Суррогатную цель максимизируют; минус перед ней ставит движок."),
            Mistake("averaged", lambda ratio, advantage: clipped(0.2)(ratio, advantage).mean(1),
                    "You average over the actions; the surrogate gives one number per action.",
                    "你对动作求了平均；代理目标对每个动作给出一个数。",
                    "Вы усредняете по действиям; суррогатная цель даёт по числу на каждое действие."),
        )),
    Exercise(
        name="ppo-kl", section=FAR, solution=kl_estimate, cases=ratio_case,
        mistakes=(
            Mistake("only the logarithm", lambda ratio: -ratio.log().mean(1),
                    "The mean of -log(ratio) is unbiased, but it can be negative. Add ratio - 1, whose "
                    "expectation is 0.",
                    "-log(ratio) 的平均是无偏的，但可能为负。请加上 ratio - 1，它的数学期望为 0。",
                    "Среднее -log(ratio) несмещённое, но может быть отрицательным. Прибавьте ratio - 1: "
                    "его математическое ожидание равно 0."),
            Mistake("the other direction", lambda ratio: (ratio * ratio.log() - ratio + 1).mean(1),
                    "This estimates KL(new || old). The actions are those of the old policy, and KL(old || "
                    "new) is asked.",
                    "这估计的是 KL(new || old)。动作来自旧策略，要求的是 KL(old || new)。",
                    "Это оценка KL(new || old). Действия взяты из старой стратегии, а спрашивается "
                    "KL(old || new)."),
            Mistake("half the square", lambda ratio: (ratio.log() ** 2 / 2).mean(1),
                    "Half the squared logarithm is close to it near ratio = 1 only; it is not unbiased.",
                    "对数平方的一半只在 ratio = 1 附近与它接近；它不是无偏的。",
                    "Половина квадрата логарифма близка к ней только около ratio = 1; она не несмещённая."),
            Mistake("sign", lambda ratio: -kl_estimate(ratio),
                    "The sign is wrong: your number is never positive, a divergence is never negative.",
                    "符号错了：你的结果从不为正，而散度从不为负。",
                    "Неверный знак: ваше число не бывает положительным, а дивергенция — отрицательной."),
            Mistake("sum", lambda ratio: 4 * kl_estimate(ratio),
                    "You add up over the actions; an estimate of the expectation is their mean.",
                    "你对动作求了和；数学期望的估计应是平均值。",
                    "Вы складываете по действиям; оценка математического ожидания — среднее."),
            Mistake("not averaged", lambda ratio: ratio - 1 - ratio.log(),
                    "One number per action: average over axis 1.",
                    "这里每个动作一个数：请沿 1 轴求平均。",
                    "Здесь по числу на действие: усредните по оси 1."),
            Mistake("seeds averaged", lambda ratio: kl_estimate(ratio).mean(),
                    "You average over the seeds too: axis 0 stays.",
                    "你把种子也平均掉了：应保留 0 轴。",
                    "Вы усреднили и по зёрнам: ось 0 должна остаться."),
        )),
    Exercise(
        name="ppo-gaussian", section=CONTINUOUS, solution=gaussian_log_prob, cases=gaussian_case,
        mistakes=(
            Mistake("not summed",
                    lambda mean, log_std, action: torch.distributions.Normal(mean, log_std.exp()).log_prob(
                        action),
                    "One number per coordinate. The density of the whole action is a product, so its "
                    "logarithm is the sum over the last axis.",
                    "这里每个坐标一个数。整个动作的密度是乘积，所以它的对数是沿最后一个轴的和。",
                    "Здесь по числу на координату. Плотность всего действия — произведение, поэтому её "
                    "логарифм — сумма по последней оси."),
            Mistake("averaged",
                    lambda mean, log_std, action: gaussian_log_prob(mean, log_std, action) / 2,
                    "You average over the coordinates; logarithms of factors add up.",
                    "你对坐标求了平均；各因子的对数应当相加。",
                    "Вы усредняете по координатам; логарифмы множителей складываются."),
            Mistake("normalisation missing",
                    lambda mean, log_std, action: -(((action - mean) / log_std.exp()) ** 2 / 2).sum(-1),
                    "The term with log_std is missing: a wide distribution would be as dense as a narrow "
                    "one, and the standard deviation would grow without bound.",
                    "缺少含 log_std 的项：宽的分布会和窄的一样密，标准差会无限增大。",
                    "Нет слагаемого с log_std: широкое распределение было бы столь же плотным, как узкое, и "
                    "стандартное отклонение росло бы неограниченно."),
            Mistake("constant missing",
                    lambda mean, log_std, action: -(((action - mean) / log_std.exp()) ** 2 / 2
                                                    + log_std).sum(-1),
                    "The constant log(2 pi) / 2 per coordinate is missing. Ratios do not notice, but the "
                    "density does not integrate to 1.",
                    "缺少每个坐标的常数 log(2 pi) / 2。概率比察觉不到，但密度的积分不为 1。",
                    "Нет постоянной log(2 pi) / 2 на каждую координату. Отношения этого не заметят, но "
                    "интеграл плотности не равен 1."),
            Mistake("sign of log_std",
                    lambda mean, log_std, action: gaussian_log_prob(mean, log_std, action)
                    + 2 * log_std.sum(-1),
                    "The sign of log_std is wrong: the wider the distribution, the lower its density.",
                    "log_std 的符号错了：分布越宽，密度越低。",
                    "Неверный знак при log_std: чем шире распределение, тем меньше его плотность."),
            Mistake("variance not squared",
                    lambda mean, log_std, action: -((action - mean) ** 2 / (2 * log_std.exp()) + log_std
                                                    + 0.918938533).sum(-1),
                    "You divide the squared distance by the standard deviation; it must be the variance.",
                    "你用标准差去除距离的平方；应除以方差。",
                    "Вы делите квадрат расстояния на стандартное отклонение, а нужно на дисперсию."),
            Mistake("density",
                    lambda mean, log_std, action: gaussian_log_prob(mean, log_std, action).exp(),
                    "This is the density itself; its logarithm is asked.",
                    "这是密度本身；要求的是它的对数。",
                    "Это сама плотность, а нужен её логарифм."),
        )),
    Exercise(
        name="ppo-tanh", section=SQUASHING, solution=tanh_log_prob, cases=tanh_case,
        mistakes=(
            Mistake("no Jacobian",
                    lambda mean, log_std, u: Gaussian(mean, log_std).log_prob(u),
                    "This is the log-density of u. The action is tanh(u), whose density contains the "
                    "Jacobian.",
                    "这是 u 的对数密度。动作是 tanh(u)，它的密度中含有雅可比项。",
                    "Это логарифм плотности u. Действие — tanh(u), и в его плотность входит якобиан."),
            Mistake("Jacobian added",
                    lambda mean, log_std, u: Gaussian(mean, log_std).log_prob(u)
                    + (1 - u.tanh() ** 2).log().sum(-1),
                    "The sign is wrong: squashing makes the actions denser, and log(1 - tanh(u)^2) is "
                    "negative.",
                    "符号错了：压缩使动作更密集，而 log(1 - tanh(u)^2) 是负数。",
                    "Неверный знак: сжатие делает действия плотнее, а log(1 - tanh(u)^2) отрицателен."),
            Mistake("density at the action",
                    lambda mean, log_std, u: Gaussian(mean, log_std).log_prob(u.tanh())
                    - (1 - u.tanh() ** 2).log().sum(-1),
                    "You put tanh(u) into the normal density; it is u that is normal.",
                    "你把 tanh(u) 代入了正态密度；服从正态分布的是 u。",
                    "Вы подставили tanh(u) в нормальную плотность, а нормально распределено u."),
            Mistake("square forgotten",
                    lambda mean, log_std, u: Gaussian(mean, log_std).log_prob(u)
                    - (1 - u.tanh()).log().sum(-1),
                    "The derivative of tanh is 1 - tanh(u)^2; the square is missing.",
                    "tanh 的导数是 1 - tanh(u)^2；缺少平方。",
                    "Производная tanh равна 1 - tanh(u)^2; пропущен квадрат."),
            Mistake("Jacobian averaged",
                    lambda mean, log_std, u: Gaussian(mean, log_std).log_prob(u)
                    - (1 - u.tanh() ** 2).log().mean(-1),
                    "The Jacobian of D coordinates is a product of D factors: add their logarithms.",
                    "D 个坐标的雅可比行列式是 D 个因子的乘积：应把它们的对数相加。",
                    "Якобиан D координат — произведение D множителей: складывайте их логарифмы."),
            Mistake("not the logarithm",
                    lambda mean, log_std, u: Gaussian(mean, log_std).log_prob(u)
                    - (1 - u.tanh() ** 2).sum(-1),
                    "You subtract the derivative itself; subtract its logarithm.",
                    "你减去的是导数本身；应减去它的对数。",
                    "Вы вычитаете саму производную, а нужно её логарифм."),
        )),
]
