"""Exercises of the chapter on actor-critic methods."""

import math

import torch

from course_rl.check import Exercise, Mistake
from course_rl.returns import gae, returns_to_go

GAE = "“From one step to many: n-step advantages and GAE” (actor-critic)"
A2C = "“A2C” (actor-critic)"
ENTROPY = "“Entropy” (actor-critic)"
RESIDUAL = "“A critic trained through its own bootstrap” (actor-critic)"


def integers(generator, low, high, *shape):
    """Whole numbers from `low` to `high`, as floats: short to print."""
    return torch.as_tensor(generator.integers(low, high + 1, size=shape), dtype=torch.float32)


def rollout_case(generator):
    """One seed, five steps of two environments: in each one episode terminates and another is
    truncated."""
    value = integers(generator, 1, 4, 1, 5, 2)
    next_value = torch.cat([value[:, 1:], integers(generator, 1, 4, 1, 1, 2)], 1)
    terminated, ended = torch.zeros(2, 1, 5, 2, dtype=torch.bool)
    for env in range(2):
        death, cut = (int(t) for t in generator.permutation(4)[:2])
        terminated[0, death, env] = ended[0, death, env] = ended[0, cut, env] = True
        next_value[0, [death, cut], env] = integers(generator, 5, 9, 2)
    return {"reward": integers(generator, 0, 3, 1, 5, 2), "value": value, "next_value": next_value,
            "terminated": terminated, "ended": ended, "gamma": 0.5, "lam": 0.2}


def truncation_as_termination(reward, value, next_value, terminated, ended, gamma, lam):
    return gae(reward, value, next_value, ended, ended, gamma, lam)


def across_episodes(reward, value, next_value, terminated, ended, gamma, lam):
    return gae(reward, value, next_value, terminated, torch.zeros_like(ended), gamma, lam)


def across_truncations(reward, value, next_value, terminated, ended, gamma, lam):
    return gae(reward, value, next_value, terminated, terminated, gamma, lam)


def bootstraps_from_terminal(reward, value, next_value, terminated, ended, gamma, lam):
    return gae(reward, value, next_value, torch.zeros_like(terminated), ended, gamma, lam)


def last_step_left(reward, value, next_value, terminated, ended, gamma, lam):
    delta = reward + gamma * ~terminated * next_value - value
    earlier = returns_to_go(delta[:, :-1], ended[:, :-1], gamma * lam)
    return torch.cat([earlier, torch.zeros_like(delta[:, -1:])], 1)


def next_row(reward, value, next_value, terminated, ended, gamma, lam):
    return gae(reward, value, torch.cat([value[:, 1:], next_value[:, -1:]], 1), terminated, ended, gamma, lam)


def without_lambda(reward, value, next_value, terminated, ended, gamma, lam):
    return gae(reward, value, next_value, terminated, ended, gamma, 1.0)


def without_gamma(reward, value, next_value, terminated, ended, gamma, lam):
    delta = reward + gamma * ~terminated * next_value - value
    return returns_to_go(delta, ended, lam)


def critics_target(reward, value, next_value, terminated, ended, gamma, lam):
    return gae(reward, value, next_value, terminated, ended, gamma, lam) + value


def with_gradients(answer, **case):
    """The loss, and its gradient with respect to every float tensor among its arguments, except `reward`.

    The gradient with respect to `reward` is left out: it shows no more than whether the whole target is
    detached or `next_value` alone, and both are right.
    """
    inputs = {name: x.clone().requires_grad_()
              if torch.is_tensor(x) and x.is_floating_point() and name != "reward" else x
              for name, x in case.items()}
    leaves = [x for x in inputs.values() if torch.is_tensor(x) and x.requires_grad]
    loss = answer(**inputs)
    if not torch.is_tensor(loss):
        return loss
    gradients = [None] * len(leaves)
    if loss.requires_grad:
        gradients = torch.autograd.grad(loss.sum(), leaves, allow_unused=True)
    zeros = [torch.zeros_like(x) if g is None else g for x, g in zip(leaves, gradients, strict=True)]
    return [loss.detach(), *zeros]


def actor_case(generator):
    """Two seeds, four steps; a mean over them stays short."""
    return {"log_prob": -integers(generator, 1, 4, 2, 4), "advantage": integers(generator, -3, 3, 2, 4),
            "entropy": integers(generator, 1, 4, 2, 4), "entropy_weight": 0.5}


def actor_loss(log_prob, advantage, entropy, entropy_weight):
    return -(log_prob * advantage.detach() + entropy_weight * entropy).mean(1)


def critic_case(generator):
    """Two seeds, four steps, one of which terminates in each."""
    terminated = torch.zeros(2, 4, dtype=torch.bool)
    terminated[[0, 1], generator.integers(4, size=2)] = True
    return {"reward": integers(generator, 0, 3, 2, 4), "value": integers(generator, 0, 4, 2, 4),
            "next_value": 2 * integers(generator, 1, 4, 2, 4), "terminated": terminated, "gamma": 0.5}


def critic_loss(reward, value, next_value, terminated, gamma):
    return ((reward + gamma * ~terminated * next_value.detach() - value) ** 2).mean(1)


def logits_case(generator):
    """Two seeds, two states, three actions; one action of one state is as good as impossible."""
    logits = integers(generator, -2, 2, 2, 2, 3)
    logits[0, 0, generator.integers(3)] = -200.0
    return {"logits": logits}


def entropy(logits):
    log_p = logits.log_softmax(-1)
    return -(log_p.exp() * log_p).sum(-1)


def naive_entropy(logits):
    p = logits.softmax(-1)
    return -(p * p.log()).sum(-1)


def entropy_over_states(logits):
    log_p = logits.log_softmax(1)
    return -(log_p.exp() * log_p).sum(1)


EXERCISES = [
    Exercise(
        name="gae", section=GAE, solution=gae, cases=rollout_case,
        mistakes=(
            Mistake("truncation as termination", truncation_as_termination,
                    "You treat a truncation as a termination: nothing is bootstrapped there. The "
                    "critic's "
                    "value counts as 0 only where `terminated` is true.",
                    "你把截断当成了终止，在截断处没有自举。只有 `terminated` 为真时，"
                    "下一状态的价值才是 0。",
                    "Усечение принято за завершение: бутстрэппинга там нет. Ценность следующего "
                    "состояния "
                    "равна 0 только там, где `terminated` истинно."),
            Mistake("across episodes", across_episodes,
                    "Your sum runs on into the next episode. It has to stop wherever `ended` is true.",
                    "你的求和延续到了下一个回合。凡是 `ended` 为真的地方，求和都必须停止。",
                    "Сумма продолжается в следующем эпизоде. Она должна обрываться везде, где "
                    "`ended` истинно."),
            Mistake("across truncations", across_truncations,
                    "Your sum stops at terminations only. After a truncation, too, another episode "
                    "begins.",
                    "你的求和只在终止处停止。截断之后开始的同样是另一个回合。",
                    "Сумма обрывается только при завершении. После усечения тоже начинается другой "
                    "эпизод."),
            Mistake("bootstraps from a terminal state", bootstraps_from_terminal,
                    "You use the critic's value of a terminal state; after a termination it counts as 0.",
                    "你使用了评论家对终止状态的估计；终止之后的价值应为 0。",
                    "Использована оценка критика для терминального состояния; после завершения она "
                    "равна 0."),
            Mistake("last step left 0", last_step_left,
                    "The last step of the rollout is left 0. It has a TD error of its own, since "
                    "`next_value` is known there too.",
                    "轨迹片段的最后一步被留成了 0。它也有自己的时序差分误差，因为那里的 `next_value` "
                    "也是已知的。",
                    "Последний шаг отрезка остался нулём. У него есть своя ошибка временной разности: "
                    "`next_value` известно и там."),
            Mistake("next row instead of next observation", next_row,
                    "You take `value` of the next row for V(s'). Where an episode was truncated, the "
                    "next row "
                    "belongs to another episode; use `next_value`.",
                    "你把下一行的 `value` 当成了 V(s')。回合被截断时，下一行属于另一个回合；应使用 "
                    "`next_value`。",
                    "За V(s') взято `value` следующей строки. После усечения она относится к другому "
                    "эпизоду; "
                    "нужно `next_value`."),
            Mistake("lambda forgotten", without_lambda,
                    "The later TD errors are weighted by powers of gamma alone; lambda is missing.",
                    "后面的时序差分误差只乘了 gamma 的幂，漏掉了 lambda。",
                    "Последующие ошибки взвешены только степенями gamma; множитель lambda пропущен."),
            Mistake("gamma forgotten", without_gamma,
                    "The later TD errors are weighted by powers of lambda alone; gamma is missing.",
                    "后面的时序差分误差只乘了 lambda 的幂，漏掉了 gamma。",
                    "Последующие ошибки взвешены только степенями lambda; множитель gamma пропущен."),
            Mistake("the critic's target", critics_target,
                    "You have added V(s_t): this is the target of the critic, not the advantage.",
                    "你加上了 V(s_t)：这是评论家的目标值，而不是优势。",
                    "Вы прибавили V(s_t): это целевое значение критика, а не преимущество."),
        )),
    Exercise(
        name="actor-loss", section=A2C, solution=actor_loss, cases=actor_case,
        run=with_gradients,
        mistakes=(
            Mistake("the gain is minimised",
                    lambda log_prob, advantage, entropy, entropy_weight:
                    (log_prob * advantage.detach() - entropy_weight * entropy).mean(1),
                    "A loss is minimised: with your sign, actions with a positive advantage become "
                    "rarer.",
                    "损失函数是要最小化的：按你的符号，优势为正的动作反而会越来越少。",
                    "Функция потерь минимизируется: с вашим знаком действия с положительным "
                    "преимуществом "
                    "становятся реже."),
            Mistake("the entropy is minimised",
                    lambda log_prob, advantage, entropy, entropy_weight:
                    -(log_prob * advantage.detach() - entropy_weight * entropy).mean(1),
                    "The sign of the entropy is wrong: your loss rewards a policy for being certain.",
                    "熵的符号错了：你的损失函数在鼓励策略变得确定。",
                    "Неверный знак энтропии: ваша функция потерь поощряет уверенность стратегии."),
            Mistake("advantage not detached",
                    lambda log_prob, advantage, entropy, entropy_weight:
                    -(log_prob * advantage + entropy_weight * entropy).mean(1),
                    "The value is right, but the gradient also flows into the advantage, and through "
                    "it into the "
                    "critic. The advantage is a number here: detach it.",
                    "数值是对的，但梯度也流入了优势，并由此流入评论家。优势在这里只是一个数："
                    "请停止它的梯度。",
                    "Значение верно, но градиент течёт и в преимущество, а через него — в критика. Здесь "
                    "преимущество — просто число: остановите его градиент."),
            Mistake("bonus not weighted",
                    lambda log_prob, advantage, entropy, entropy_weight:
                    -(log_prob * advantage.detach() + entropy).mean(1),
                    "The entropy enters with weight 1; multiply it by `entropy_weight`.",
                    "熵的权重成了 1；应乘以 `entropy_weight`。",
                    "Энтропия входит с весом 1; умножьте её на `entropy_weight`."),
            Mistake("sum instead of mean",
                    lambda log_prob, advantage, entropy, entropy_weight:
                    -(log_prob * advantage.detach() + entropy_weight * entropy).sum(1),
                    "You add over the batch; the loss is the mean, so that it does not grow with the "
                    "batch.",
                    "你对批量求了和；损失函数应取平均，才不会随批量增大。",
                    "Вы складываете по батчу; нужно среднее, чтобы потери не росли вместе с ним."),
            Mistake("seeds averaged",
                    lambda log_prob, advantage, entropy, entropy_weight:
                    -(log_prob * advantage.detach() + entropy_weight * entropy).mean(),
                    "You average over the seeds too: axis 0 stays, one loss per seed.",
                    "你把种子也平均掉了：应保留第 0 轴，每个种子一个损失。",
                    "Вы усреднили и по зёрнам: ось 0 остаётся, по одному значению потерь на зерно."),
        )),
    Exercise(
        name="entropy", section=ENTROPY, solution=entropy, cases=logits_case,
        mistakes=(
            Mistake("negative", lambda logits: -entropy(logits),
                    "The sign is missing: the sum of p log p is negative, entropy is not.",
                    "漏了负号：p log p 之和是负数，而熵不是。",
                    "Пропущен минус: сумма p log p отрицательна, а энтропия — нет."),
            Mistake("0 times infinity", naive_entropy,
                    "For a probability that rounds to 0 you compute 0 times the logarithm of 0, "
                    "which is nan. "
                    "Take the logarithm from `log_softmax`.",
                    "当概率舍入为 0 时，你计算的是 0 乘以 0 的对数，结果为 nan。对数应由 "
                    "`log_softmax` 得到。",
                    "Если вероятность округляется до 0, вы умножаете 0 на логарифм нуля и получаете nan. "
                    "Берите логарифм из `log_softmax`."),
            Mistake("bits", lambda logits: entropy(logits) / math.log(2),
                    "This is the entropy in bits; use the natural logarithm.",
                    "这是以比特为单位的熵；请使用自然对数。",
                    "Это энтропия в битах; используйте натуральный логарифм."),
            Mistake("mean over actions", lambda logits: entropy(logits) / logits.shape[-1],
                    "You average over the actions. The probabilities are the weights already: sum.",
                    "你对动作求了平均。概率本身就是权重，应当求和。",
                    "Вы усреднили по действиям. Вероятности уже служат весами: нужна сумма."),
            Mistake("softmax over the wrong axis", entropy_over_states,
                    "Your softmax runs over the states of the batch; it belongs on the last axis, "
                    "the actions.",
                    "你的 softmax 沿批量中的状态计算；它应沿最后一个轴，即动作轴。",
                    "Ваш softmax берётся по состояниям батча; нужна последняя ось, действия."),
            Mistake("mean over states", lambda logits: entropy(logits).mean(-1),
                    "You average over the states too; one number per state is wanted.",
                    "你把状态也平均掉了；应当每个状态一个数。",
                    "Вы усреднили и по состояниям; нужно по числу на каждое состояние."),
        )),
    Exercise(
        name="critic-loss", section=RESIDUAL, solution=critic_loss, cases=critic_case,
        run=with_gradients,
        mistakes=(
            Mistake("residual gradient",
                    lambda reward, value, next_value, terminated, gamma:
                    ((reward + gamma * ~terminated * next_value - value) ** 2).mean(1),
                    "The value is right, but the gradient also flows through the target: this is the "
                    "residual gradient. Hold the target fixed.",
                    "数值是对的，但梯度也流过了目标值：这是残差梯度。请把目标值固定住。",
                    "Значение верно, но градиент течёт и через целевое значение: это остаточный "
                    "градиент. Зафиксируйте цель."),
            Mistake("the estimate held fixed",
                    lambda reward, value, next_value, terminated, gamma:
                    ((reward + gamma * ~terminated * next_value - value.detach()) ** 2).mean(1),
                    "You hold the estimate fixed and move the target. It must be the other way round.",
                    "你固定了估计值，却在移动目标值。应当反过来。",
                    "Вы зафиксировали оценку и двигаете цель. Должно быть наоборот."),
            Mistake("nothing learns",
                    lambda reward, value, next_value, terminated, gamma:
                    ((reward + gamma * ~terminated * next_value - value).detach() ** 2).mean(1),
                    "The value is right, but no gradient is left: you have detached the estimate as "
                    "well.",
                    "数值是对的，但梯度完全消失了：你把估计值的梯度也停止了。",
                    "Значение верно, но градиента не осталось: вы отсоединили и саму оценку."),
            Mistake("terminal state bootstrapped",
                    lambda reward, value, next_value, terminated, gamma:
                    ((reward + gamma * next_value.detach() - value) ** 2).mean(1),
                    "You bootstrap from terminal states; after a termination the target is the "
                    "reward alone.",
                    "你从终止状态进行了自举；终止之后，目标值就只是奖励。",
                    "Вы делаете бутстрэппинг из терминального состояния; после завершения цель — "
                    "только награда."),
            Mistake("seeds averaged", lambda **case: critic_loss(**case).mean(),
                    "You average over the seeds too: axis 0 stays, one loss per seed.",
                    "你把种子也平均掉了：应保留第 0 轴，每个种子一个损失。",
                    "Вы усреднили и по зёрнам: ось 0 остаётся, по одному значению потерь на зерно."),
            Mistake("not squared",
                    lambda reward, value, next_value, terminated, gamma:
                    (reward + gamma * ~terminated * next_value.detach() - value).mean(1),
                    "The error is not squared; positive and negative errors cancel.",
                    "误差没有平方，正负误差会互相抵消。",
                    "Ошибка не возведена в квадрат; положительные и отрицательные ошибки сокращаются."),
        )),
]
