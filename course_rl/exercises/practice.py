"""Exercises of the section on practice in the chapter on what came after DQN."""

import torch

from course_rl.check import Exercise, Mistake

CLIPPING = "“What can be clipped” (beyond-dqn)"


def gradient_case(generator):
    """Three seeds, four weights: a short gradient, a long one, and one that may be zero."""
    grad = torch.as_tensor(generator.integers(-4, 5, size=(3, 4)), dtype=torch.float32)
    grad[0] = grad[0].clamp(-1, 1) / 4
    grad[1, 0] = 6.0
    if generator.integers(2):
        grad[2] = 0.0
    return {"grad": grad, "limit": float(generator.integers(1, 4))}


def length_clipped(grad, limit):
    norm = grad.norm(dim=1, keepdim=True)
    return grad * (limit / norm.clamp(min=limit))


EXERCISES = [
    Exercise(
        name="length-clipped", section=CLIPPING, solution=length_clipped, cases=gradient_case,
        mistakes=(
            Mistake("clipped by entry", lambda grad, limit: grad.clamp(-limit, limit),
                    "You limit every entry by itself, which turns the gradient. Multiply a whole row by one "
                    "number.",
                    "你逐个分量地裁剪，这会改变梯度的方向。应把整行乘以同一个数。",
                    "Вы ограничиваете каждый элемент отдельно, и градиент поворачивается. Умножайте всю "
                    "строку на одно число."),
            Mistake("one norm for all seeds",
                    lambda grad, limit: grad * (limit / grad.norm().clamp(min=limit)),
                    "One norm for the whole matrix: a seed with a large gradient would slow down all others. "
                    "Each row has its own norm.",
                    "你对整个矩阵只算了一个范数：一个种子的梯度很大，就会拖慢所有其他种子。每一行应有自己的范数。",
                    "Одна норма на всю матрицу: зерно с большим градиентом замедлит все остальные. У каждой "
                    "строки своя норма."),
            Mistake("short ones are stretched",
                    lambda grad, limit: grad * (limit / grad.norm(dim=1, keepdim=True).clamp(min=1e-12)),
                    "Every gradient gets the length of the limit, short ones too. Clipping only shortens.",
                    "所有梯度都被变成了阈值的长度，短的也被拉长了。裁剪只应缩短。",
                    "Любой градиент получает длину, равную пределу, даже короткий. "
                    "Обрезка только укорачивает."),
            Mistake("division by zero",
                    lambda grad, limit: grad / grad.norm(dim=1, keepdim=True)
                    * grad.norm(dim=1, keepdim=True).clamp(max=limit),
                    "A zero gradient is divided by its norm: 0 / 0 is nan, and it would destroy all weights "
                    "of the seed.",
                    "零梯度被除以了它自己的范数：0 / 0 得到 nan，会毁掉该种子的全部权重。",
                    "Нулевой градиент делится на свою норму: 0 / 0 даёт nan, и пропадут все веса "
                    "этого зерна."),
            Mistake("norm over the seeds",
                    lambda grad, limit: grad * (limit / grad.norm(dim=0, keepdim=True).clamp(min=limit)),
                    "Your norm runs along axis 0, over the seeds. A seed is a row: take the norm along "
                    "axis 1.",
                    "你沿 0 轴（种子轴）求了范数。一行是一个种子：应沿 1 轴求范数。",
                    "Норма берётся вдоль оси 0, по зёрнам. Зерно — это строка: берите норму вдоль оси 1."),
            Mistake("square not rooted",
                    lambda grad, limit:
                    grad * (limit / (grad**2).sum(1, keepdim=True).clamp(min=limit)),
                    "You compare with the squared length. Take the root.",
                    "你比较的是长度的平方。请开平方。",
                    "Вы сравниваете с квадратом длины. Извлеките корень."),
            Mistake("largest entry limited",
                    lambda grad, limit: grad * (limit / grad.abs().amax(1, keepdim=True).clamp(min=limit)),
                    "The direction is kept, but you bring the largest entry down to the limit, not the "
                    "length.",
                    "方向保持了，但你压到阈值的是最大的分量，而不是长度。",
                    "Направление сохранено, но до предела уменьшен наибольший элемент, а не длина."),
        )),
]
