"""Exercises of the chapter on the step from a table to a network."""

import torch
import torch.nn.functional as F

from course_rl.check import Exercise, Mistake

TARGET = "“The target, by cases” (dqn)"
LOSS = "“Half a gradient” (dqn)"
LAYER = "“One network per seed” (dqn)"


def halves(generator, *shape, low=-3, high=3):
    """Multiples of 0.5: short to print, exact to compute with."""
    twice = generator.integers(2 * low, 2 * high, size=shape, endpoint=True)
    return torch.as_tensor(twice / 2, dtype=torch.float32)


def target_case(generator):
    """One seed, four transitions, two actions; one transition has terminated, some values are impossible."""
    ranges = (5, 8), (1, 8), (-3, -1), (-3, 4)
    q_next = torch.cat([halves(generator, 1, 1, 2, low=low, high=high) for low, high in ranges], 1)
    discount = torch.tensor([[0.99, 0.0, 0.99, 0.99]])
    return {"reward": halves(generator, 1, 4, low=0, high=1), "discount": discount, "q_next": q_next,
            "q_next_online": halves(generator, 1, 4, 2, high=8)}


def bounded_target(reward, discount, q_next, q_next_online=None, low=0.0, high=5.0):
    return reward + discount * q_next.amax(-1).clamp(low, high)


def loss_case(generator):
    """Two seeds, two transitions, two actions; one transition has terminated; columns (S, B, 1)."""
    return {"q": halves(generator, 2, 2, 2), "action": torch.as_tensor(generator.integers(2, size=(2, 2, 1))),
            "reward": halves(generator, 2, 2, 1),
            "terminated": torch.tensor([[False, True], [False, False]])[..., None],
            "q_next": halves(generator, 2, 2, 2), "gamma": 0.5}


def loss_and_gradients(answer, q, action, reward, terminated, q_next, gamma):
    """What the loss is, and what flows back into q and into q_next."""
    q, q_next = q.clone().requires_grad_(), q_next.clone().requires_grad_()
    loss = answer(q, action, reward, terminated, q_next, gamma)
    if loss is None or loss is Ellipsis:
        return None
    if loss.requires_grad:
        loss.sum().backward()
    flow = [torch.zeros_like(x) if x.grad is None else x.grad for x in (q, q_next)]
    return loss.detach(), *flow


def column_loss(q, action, reward, terminated, q_next, gamma):
    y = reward + gamma * ~terminated * q_next.amax(-1, keepdim=True)
    return (y.detach() - q.gather(-1, action)) ** 2


def loss_without_keepdim(q, action, reward, terminated, q_next, gamma):
    y = reward + gamma * ~terminated * q_next.amax(-1)
    return (y.detach() - q.gather(-1, action)) ** 2


def loss_through_target(q, action, reward, terminated, q_next, gamma):
    y = reward + gamma * ~terminated * q_next.amax(-1, keepdim=True)
    return (y - q.gather(-1, action)) ** 2


def loss_detached_prediction(q, action, reward, terminated, q_next, gamma):
    return loss_through_target(q.detach(), action, reward, terminated, q_next, gamma)


def loss_all_detached(q, action, reward, terminated, q_next, gamma):
    return column_loss(q.detach(), action, reward, terminated, q_next, gamma)


def forward_case(generator):
    """Two seeds; two of everything else, so that a missing transpose does not show in the shapes."""
    weight, bias = (2, 2, 2), (2, 1, 2)
    shapes = {"obs": (2, 2, 2), "weight1": weight, "bias1": bias, "weight2": weight, "bias2": bias}
    return {name: halves(generator, *shape) for name, shape in shapes.items()}


def two_layers(obs, weight1, bias1, weight2, bias2):
    hidden = torch.relu(torch.baddbmm(bias1, obs, weight1.mT))
    return torch.baddbmm(bias2, hidden, weight2.mT)


EXERCISES = [
    Exercise(
        name="dqn-bounded-target", section=TARGET, solution=bounded_target, cases=target_case,
        mistakes=(
            Mistake("no bound",
                    lambda reward, discount, q_next, q_next_online: reward + discount * q_next.amax(-1),
                    "This is the ordinary target, it passes on impossible values. Clamp the best next value.",
                    "这是普通的目标值，会把不可能的价值传下去。请对下一步的最大价值做 clamp。",
                    "Это обычная цель, она передаёт дальше невозможные значения. "
                    "Ограничьте наибольшее из следующих."),
            Mistake("no lower bound",
                    lambda reward, discount, q_next, q_next_online:
                    reward + discount * q_next.amax(-1).clamp(max=5.0),
                    "The upper bound holds, but negative values pass; rewards of at least 0 make none.",
                    "上界有了，但负的价值仍会通过：奖励不小于 0 时，任何价值都不会小于 0。",
                    "Верхняя граница есть, но отрицательные значения проходят: "
                    "при наградах не меньше 0 их не бывает."),
            Mistake("whole target bounded",
                    lambda reward, discount, q_next, q_next_online:
                    (reward + discount * q_next.amax(-1)).clamp(0.0, 5.0),
                    "You clamp the whole target. The reward is a fact; clamp only the estimate.",
                    "你对整个目标值（包括奖励）做了 clamp。奖励是事实，只应限制估计值。",
                    "Ограничена вся цель вместе с наградой. Награда — это факт; "
                    "ограничивать нужно только оценку."),
            Mistake("bound after the discount",
                    lambda reward, discount, q_next, q_next_online:
                    reward + (discount * q_next.amax(-1)).clamp(0.0, 5.0),
                    "The bound is that of a value: clamp before the discount is multiplied, not after.",
                    "这个界限是针对价值的：应在乘 discount 之前做 clamp，而不是之后。",
                    "Это граница для ценности: ограничивайте до умножения на discount, а не после."),
            Mistake("no terminal mask",
                    lambda reward, discount, q_next, q_next_online:
                    reward + 0.99 * q_next.amax(-1).clamp(0.0, 5.0),
                    "Where the step terminated, discount is 0 and nothing may be added to the reward; "
                    "use the given discount, not a constant.",
                    "终止处 discount 为 0，奖励之外不应再加任何东西；请使用传入的 discount，不要写成常数。",
                    "Там, где эпизод завершился, discount равен 0 и к награде ничего не прибавляется; "
                    "используйте переданный discount, а не константу."),
        )),
    Exercise(
        name="dqn-td-loss", section=LOSS, solution=column_loss, cases=loss_case, run=loss_and_gradients,
        mistakes=(
            Mistake("broadcast", loss_without_keepdim,
                    "The maximum loses its axis, and with S = B, as here, (S, B) and (S, B, 1) broadcast: "
                    "every prediction meets the targets of other transitions. Keep the axis.",
                    "取最大值时丢掉了一个轴；像这里 S = B 时，(S, B) 与 (S, B, 1) 运算会发生广播："
                    "每个预测都对上了别的转移的目标值。请保留这个轴。",
                    "Максимум теряет ось, и при S = B, как здесь, (S, B) и (S, B, 1) транслируются "
                    "(broadcasting): каждая оценка сравнивается и с чужими целями. Сохраните ось."),
            Mistake("no terminal mask",
                    lambda q, action, reward, terminated, q_next, gamma:
                    column_loss(q, action, reward, torch.zeros_like(terminated), q_next, gamma),
                    "After termination there is nothing to bootstrap from; the target is the reward alone.",
                    "终止之后没有下一个状态可供自举；目标值只有奖励。",
                    "После завершения эпизода бутстрэппинга нет; цель равна одной награде."),
            Mistake("gradient through the target", loss_through_target,
                    "The loss is right, but a gradient flows into q_next: hold the target fixed (detach).",
                    "损失的数值是对的，但梯度流进了 q_next：目标值必须视为常数（detach）。",
                    "Значение верно, но градиент течёт в q_next: цель нужно держать постоянной (detach)."),
            Mistake("prediction detached", loss_detached_prediction,
                    "You detached the prediction, not the target: the gradient changes q_next, not q.",
                    "你把预测值 detach 了，目标值却没有：梯度改变的是 q_next，而不是 q。",
                    "Отсоединена оценка, а не цель: градиент меняет q_next и не трогает q."),
            Mistake("all detached", loss_all_detached,
                    "The loss is right, but no gradient reaches q. Detach the target only.",
                    "损失的数值是对的，但梯度到不了 q：什么也学不到。只应对目标值 detach。",
                    "Значение верно, но до q градиент не доходит: обучения нет. Отсоединяйте только цель."),
            Mistake("best action instead of the taken one",
                    lambda q, action, reward, terminated, q_next, gamma:
                    column_loss(q, q.argmax(-1, keepdim=True), reward, terminated, q_next, gamma),
                    "The prediction is the value of the action that was taken, not of the best one.",
                    "预测值应取实际执行的动作的价值，而不是最优动作的价值。",
                    "Оценка берётся для выполненного действия, а не для лучшего."),
        )),
    Exercise(
        name="dqn-forward", section=LAYER, solution=two_layers, cases=forward_case,
        mistakes=(
            Mistake("no nonlinearity",
                    lambda obs, weight1, bias1, weight2, bias2:
                    torch.baddbmm(bias2, torch.baddbmm(bias1, obs, weight1.mT), weight2.mT),
                    "There is no ReLU between the layers: two linear layers in a row are one linear layer.",
                    "两层之间缺少 ReLU：两个相连的线性层只等于一个线性层。",
                    "Между слоями нет ReLU: два линейных слоя подряд — это один линейный слой."),
            Mistake("rectified output",
                    lambda obs, weight1, bias1, weight2, bias2:
                    torch.relu(two_layers(obs, weight1, bias1, weight2, bias2)),
                    "The last layer has a ReLU too: then no value can be negative.",
                    "最后一层也加了 ReLU：这样价值就不可能为负。",
                    "ReLU стоит и после последнего слоя: тогда значения не могут быть отрицательными."),
            Mistake("weights not transposed",
                    lambda obs, weight1, bias1, weight2, bias2:
                    two_layers(obs, weight1.mT, bias1, weight2.mT, bias2),
                    "The weights are stored (S, n_out, n_in): transpose the last two axes.",
                    "权重的存储形状是 (S, n_out, n_in)：需要转置最后两个轴。",
                    "Веса хранятся как (S, n_out, n_in): транспонируйте две последние оси."),
            Mistake("weights of the first seed",
                    lambda obs, weight1, bias1, weight2, bias2:
                    F.linear(torch.relu(F.linear(obs, weight1[0], bias1[0, 0])), weight2[0], bias2[0, 0]),
                    "All seeds use the weights of the first one; each row of axis 0 has its own.",
                    "所有种子都用了第一个种子的权重；0 轴上的每一行都应使用自己的权重。",
                    "Все зёрна считают с весами первого; у каждого свои веса вдоль оси 0."),
            Mistake("no bias",
                    lambda obs, weight1, bias1, weight2, bias2: torch.relu(obs @ weight1.mT) @ weight2.mT,
                    "The biases are missing.", "缺少偏置。", "Не прибавлены смещения слоёв."),
        )),
]
