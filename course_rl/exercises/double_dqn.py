"""Exercises of the chapter on Double DQN."""

import torch

from course_rl.check import Exercise, Mistake
from course_rl.returns import double_q_target, q_target


def target_case(generator):
    """Two seeds, three transitions, four actions; one transition has terminated."""
    def normal(*shape):
        return torch.as_tensor(generator.normal(size=shape), dtype=torch.float32)
    discount = torch.full((2, 3), 0.9)
    discount[0, 1] = 0.0
    return {"reward": normal(2, 3), "discount": discount,
            "q_next": normal(2, 3, 4), "q_next_online": normal(2, 3, 4)}


EXERCISES = [
    Exercise(
        name="double-q-target",
        section="“The idea: select with one network, evaluate with the other” (double-dqn)",
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
]
