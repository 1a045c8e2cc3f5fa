"""Exercises of the museum of bugs: the given fragment is wrong, and the first mistake is that fragment."""

import numpy as np
import torch

from course_rl.check import Exercise, Mistake
from course_rl.dqn import huber
from course_rl.returns import returns_to_go

TARGETS = "“Targets and terminals” (bugs)"
GRADIENTS = "“Gradients” (bugs)"
POLICY = "“Policy gradients” (bugs)"


def integers(generator, low, high, *shape):
    return torch.as_tensor(generator.integers(low, high, shape), dtype=torch.float32)


def target_case(generator):
    """One step terminated, one truncated, one neither; where a next value counts, it is not 0."""
    kind = torch.as_tensor(generator.permutation(3)[None])
    return {"reward": integers(generator, 1, 5, 1, 3), "terminated": kind == 0, "truncated": kind == 1,
            "q_next": integers(generator, 1, 9, 1, 3, 2), "gamma": 0.5}


def td_target(reward, terminated, truncated, q_next, gamma):
    return reward + gamma * ~terminated * q_next.amax(-1)


def loss_case(generator):
    """Three transitions, two actions; not every action taken is the best one."""
    q = torch.stack([torch.as_tensor(generator.permutation(6)[:2]) for _ in range(3)]).float()
    action = torch.as_tensor(np.array([0, 1, generator.integers(2)]))
    worst = q.argmin(1)
    action[generator.integers(3)] = worst[0]
    action[0] = worst[0]
    return {"q": q, "action": action, "y": integers(generator, 0, 7, 3)}


def td_loss(q, action, y):
    return ((y - q.gather(1, action[:, None]).squeeze(1)) ** 2).mean()


def returns_case(generator):
    """An episode ends at the second or third of five steps, another one at the last; some rewards are 0."""
    ended = torch.zeros(1, 5, dtype=torch.bool)
    ended[0, [int(generator.integers(1, 3)), 4]] = True
    reward = integers(generator, 1, 5, 1, 5)
    reward[0, 3] = 0.0  # inside the second episode
    return {"reward": reward, "ended": ended, "gamma": 0.5}


def backwards(keep):
    """Sums from the end; `keep(reward, ended, t)` says what of the later sum enters step t."""
    def returns(reward, ended, gamma):
        total, out = torch.zeros_like(reward[:, 0]), torch.empty_like(reward)
        for t in reversed(range(reward.shape[1])):
            total = reward[:, t] + gamma * keep(reward, ended, t) * total
            out[:, t] = total
        return out
    return returns


def last_reward_dropped(reward, ended, gamma):
    return returns_to_go(reward * ~ended, ended, gamma)


def error_case(generator):
    sizes = np.array([-3.0, -2.5, -2.0, -1.5, -0.75, -0.5, -0.25, 0.25, 0.5, 0.75, 1.5, 2.0, 2.5, 3.0])
    small = generator.choice(sizes[4:10], (1, 2))
    large = generator.choice(sizes[[0, 1, 2, 3, 10, 11]], (1, 2))
    return {"td_error": torch.as_tensor(np.concatenate([small, large], 1), dtype=torch.float32)}


def loss_and_slope(answer, td_error):
    td_error.requires_grad_()
    loss = answer(td_error)
    if loss is None:
        return None
    slope, = torch.autograd.grad(loss.sum(), td_error)
    return loss.detach(), slope


def gradient_case(generator):
    """Two seeds, one with a short gradient and one with a long one."""
    grad = integers(generator, 1, 4, 2, 3)
    grad[0] /= 8
    grad[1] *= -4
    return {"grad": grad, "limit": 1.0}


def clip_rows(grad, limit):
    return grad * (limit / grad.norm(dim=1, keepdim=True)).clamp(max=1.0)


EXERCISES = [
    Exercise(
        name="bugs-target", section=TARGETS, solution=td_target, cases=target_case,
        mistakes=(
            Mistake("truncation as termination",
                    lambda reward, terminated, truncated, q_next, gamma:
                    reward + gamma * ~(terminated | truncated) * q_next.amax(-1),
                    "This is still the bug: a time limit counts as a real end. After a truncation the "
                    "next state has a value.",
                    "错误还在：时间限制仍被当作真正的结束。截断之后，下一个状态仍有价值。",
                    "Ошибка осталась: ограничение по времени всё ещё считается настоящим концом. После "
                    "усечения у следующего "
                    "состояния есть ценность."),
            Mistake("no terminal mask",
                    lambda reward, terminated, truncated, q_next, gamma: reward + gamma * q_next.amax(-1),
                    "Now nothing is masked: a terminated step bootstraps from a state that has no future.",
                    "现在完全没有掩码：终止的那一步从一个没有未来的状态进行了自举。",
                    "Теперь маски нет вовсе: завершившийся шаг берёт оценку состояния, у которого нет "
                    "будущего."),
            Mistake("the two flags exchanged",
                    lambda reward, terminated, truncated, q_next, gamma:
                    reward + gamma * ~truncated * q_next.amax(-1),
                    "The flags are exchanged: you bootstrap after termination and not after truncation.",
                    "两个标志用反了：你在终止之后自举，在截断之后反而不自举。",
                    "Флаги перепутаны: бутстрэппинг идёт после завершения и отключён после усечения."),
            Mistake("the reward masked too",
                    lambda reward, terminated, truncated, q_next, gamma:
                    ~terminated * (reward + gamma * q_next.amax(-1)),
                    "The mask has caught the reward as well; the last reward of an episode counts.",
                    "掩码把奖励也去掉了；回合的最后一个奖励是要计入的。",
                    "Маска стёрла и награду, а последняя награда эпизода считается."),
        )),
    Exercise(
        name="bugs-shapes", section=GRADIENTS, solution=td_loss, cases=loss_case,
        mistakes=(
            Mistake("(B,) against (B, 1)",
                    lambda q, action, y: ((y - q.gather(1, action[:, None])) ** 2).mean(),
                    "This is still the bug: `y - chosen` is a (B, B) table. Look at the shape of "
                    "`gather`'s result.",
                    "错误还在：`y - chosen` 是一张 (B, B) 的表。请看 `gather` 结果的形状。",
                    "Ошибка осталась: `y - chosen` — таблица (B, B). Посмотрите на форму результата "
                    "`gather`."),
            Mistake("the best action's value", lambda q, action, y: ((y - q.amax(1)) ** 2).mean(),
                    "The shapes are right, but you take the best action's value; learn about the action "
                    "taken.",
                    "形状对了，但你取的是最优动作的价值；应学习实际执行的动作。",
                    "Формы верны, но взята ценность лучшего действия, а учить нужно ценность выполненного."),
            Mistake("sum instead of mean", lambda q, action, y: 3 * td_loss(q, action, y),
                    "This is a sum over the minibatch: the step would grow with the batch size. Take the "
                    "mean.",
                    "这是对小批量求和：步长会随批量大小变大。请取平均。",
                    "Это сумма по мини-батчу: шаг рос бы с его размером. Возьмите среднее."),
            Mistake("square of the mean",
                    lambda q, action, y: (y - q.gather(1, action[:, None]).squeeze(1)).mean() ** 2,
                    "You average first and square afterwards, so errors of opposite sign cancel.",
                    "你先平均再平方，符号相反的误差会相互抵消。",
                    "Вы сначала усредняете, а потом возводите в квадрат: ошибки разных знаков сокращаются."),
        )),
    Exercise(
        name="bugs-returns", section=POLICY, solution=returns_to_go, cases=returns_case,
        mistakes=(
            Mistake("reset where the reward is 0", backwards(lambda reward, ended, t: reward[:, t] != 0),
                    "This is still the bug: a reward of 0 says nothing about the end of an episode; "
                    "`ended` does.",
                    "错误还在：奖励为 0 并不说明回合结束；`ended` 才说明。",
                    "Ошибка осталась: награда 0 ничего не говорит о конце эпизода; о нём говорит `ended`."),
            Mistake("no reset", backwards(lambda reward, ended, t: 1.0),
                    "Now the sum is never cut: the first episode gets the rewards of the second.",
                    "现在求和从不切断：第一个回合得到了第二个回合的奖励。",
                    "Теперь сумма нигде не обрывается: первый эпизод получает награды второго."),
            Mistake("reset one step early",
                    backwards(lambda reward, ended, t: ~ended[:, min(t + 1, reward.shape[1] - 1)]),
                    "The cut is one step off: what follows the step with `ended` belongs to another "
                    "episode, what "
                    "leads to it does not.",
                    "切断的位置差了一步：`ended` 那一步之后才属于另一个回合，之前的不是。",
                    "Разрыв сдвинут на шаг: к другому эпизоду относится то, что идёт после шага с "
                    "`ended`, а не то, "
                    "что к нему ведёт."),
            Mistake("the last reward dropped", last_reward_dropped,
                    "The sum is cut in the right place, but the reward of the last step has been lost "
                    "with it.",
                    "切断的位置是对的，但最后一步的奖励也一起丢了。",
                    "Сумма оборвана в нужном месте, но вместе с ней потеряна награда последнего шага."),
        )),
    Exercise(
        name="bugs-clip", section=GRADIENTS, solution=huber, cases=error_case, run=loss_and_slope,
        mistakes=(
            Mistake("the TD error clipped", lambda td_error: 0.5 * td_error.clamp(-1, 1) ** 2,
                    "This is still the bug: where the error is cut, the loss is constant, and its slope "
                    "is 0.",
                    "错误还在：误差被裁剪的地方，损失是常数，斜率为 0。",
                    "Ошибка осталась: там, где ошибка обрезана, функция потерь постоянна и её наклон "
                    "равен 0."),
            Mistake("nothing limited", lambda td_error: 0.5 * td_error**2,
                    "Large errors count again, but now nothing limits the slope: it is the error itself.",
                    "大误差又起作用了，但斜率不再受任何限制：它就是误差本身。",
                    "Большие ошибки снова учтены, но наклон ничем не ограничен: он равен самой ошибке."),
            Mistake("the absolute value", lambda td_error: td_error.abs(),
                    "The slope is 1 or -1 everywhere; for errors below 1 it should shrink with the error.",
                    "斜率处处为 1 或 -1；误差小于 1 时，斜率应随误差变小。",
                    "Наклон везде 1 или -1, а при ошибках меньше 1 он должен уменьшаться вместе с ошибкой."),
            Mistake("a jump",
                    lambda td_error: torch.where(td_error.abs() <= 1, 0.5 * td_error**2, td_error.abs()),
                    "The slopes are right, but the loss jumps from 0.5 to 1 where the pieces meet.",
                    "斜率是对的，但两段相接处损失从 0.5 跳到了 1。",
                    "Наклоны верны, но на стыке функция потерь прыгает с 0.5 на 1."),
        )),
    Exercise(
        name="bugs-norm", section=GRADIENTS, solution=clip_rows, cases=gradient_case,
        mistakes=(
            Mistake("one norm for all seeds", lambda grad, limit: grad * (limit / grad.norm()).clamp(max=1.0),
                    "This is still the bug: one norm over all seeds. The long gradient shortens the short "
                    "one.",
                    "错误还在：所有种子共用一个范数。长的梯度把短的也缩短了。",
                    "Ошибка осталась: одна норма на все зёрна. Длинный градиент укорачивает короткий."),
            Mistake("always scaled", lambda grad, limit: grad * limit / grad.norm(dim=1, keepdim=True),
                    "Each seed has its own norm, but short gradients are made longer; only long ones may "
                    "change.",
                    "每个种子有了自己的范数，但短的梯度被拉长了；只有长的才应改变。",
                    "Норма у каждого зерна своя, но короткие градиенты удлинились; меняться должны только "
                    "длинные."),
            Mistake("every entry clipped", lambda grad, limit: grad.clamp(-limit, limit),
                    "This cuts every entry by itself and changes the direction; scale the whole row.",
                    "这样逐个裁剪分量，会改变方向；应缩放整行。",
                    "Так обрезается каждое число отдельно и меняется направление; масштабируйте строку "
                    "целиком."),
            Mistake("norms of columns",
                    lambda grad, limit: grad * (limit / grad.norm(dim=0, keepdim=True)).clamp(max=1.0),
                    "Your norms run over the seeds, one per weight; a norm belongs to a seed: axis 1.",
                    "你沿种子求了范数，每个权重一个；范数应属于种子：轴 1。",
                    "Нормы взяты по зёрнам, по одной на вес; норма принадлежит зерну: ось 1."),
        )),
]
