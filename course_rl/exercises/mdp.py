"""Exercises of the chapter on decisions over time."""

import torch

from course_rl.check import Exercise, Mistake


def returns_to_go(reward, ended, gamma):
    """G_t = r_t + gamma G_{t+1} within each episode: reward, ended (S, T) -> (S, T)."""
    total, result = torch.zeros_like(reward[:, 0]), torch.zeros_like(reward)
    for t in reversed(range(reward.shape[1])):
        total = reward[:, t] + gamma * ~ended[:, t] * total
        result[:, t] = total
    return result


def _returns_after(keep):
    """The same with another rule of what of G_{t+1} is kept: keep(reward, ended) (S, T) -> (S, T)."""
    def answer(reward, ended, gamma):
        return returns_to_go(reward, ~keep(reward, ended), gamma)
    return answer


def _reset_too_early(reward, ended, gamma):
    total, result = torch.zeros_like(reward[:, 0]), torch.zeros_like(reward)
    for t in reversed(range(reward.shape[1])):
        total = reward[:, t] + gamma * total
        result[:, t] = total
        total = total * ~ended[:, t]
    return result


def _weighted_from_the_start(reward, ended, gamma):
    age = torch.zeros_like(reward)
    for t in range(1, reward.shape[1]):
        age[:, t] = (age[:, t - 1] + 1) * ~ended[:, t - 1]
    return returns_to_go(gamma ** age * reward, ended, 1.0)


def returns_case(generator):
    """Two seeds, five steps: one episode ends in the first row, two in the second."""
    reward = torch.as_tensor(generator.integers(-1, 3, size=(2, 5)), dtype=torch.float32)
    ended = torch.tensor([[False, False, True, False, False], [False, True, False, False, True]])
    return {"reward": reward, "ended": ended, "gamma": float(generator.choice([0.5, 0.9]))}


def bellman_backup(v, transition, reward, policy, gamma):
    """v (N,), transition (N, A, N), reward and policy (N, A) -> (N,)."""
    return (policy * (reward + gamma * transition @ v)).sum(1)


def backup_case(generator):
    """Three states, two actions; one action terminates in half of the cases."""
    transition = torch.as_tensor(generator.dirichlet([1.0] * 3, size=(3, 2)).round(2), dtype=torch.float64)
    transition[generator.integers(3), generator.integers(2)] *= 0.5
    policy = torch.as_tensor(generator.dirichlet([1.0] * 2, size=3).round(2), dtype=torch.float64)
    reward = torch.as_tensor(generator.integers(-2, 3, size=(3, 2)), dtype=torch.float64)
    v = torch.as_tensor(generator.normal(size=3).round(1) * 3, dtype=torch.float64)
    return {"v": v, "transition": transition, "reward": reward, "policy": policy, "gamma": 0.9}


def one_step_target(reward, terminated, truncated, v_last, v_reset, gamma):
    """y = r + gamma (1 - terminated) V(s'), where s' is the true last observation."""
    return reward + gamma * ~terminated * v_last


def target_case(generator):
    """Two seeds, four steps: one terminates, one is truncated, one is both."""
    def normal():
        return torch.as_tensor(generator.normal(size=(2, 4)).round(1), dtype=torch.float32)
    terminated = torch.tensor([[True, False, False, False], [False, False, True, False]])
    truncated = torch.tensor([[False, True, False, False], [False, False, True, False]])
    v_last = normal() + 5
    v_reset = torch.where(terminated | truncated, normal() - 5, v_last)
    return {"reward": normal(), "terminated": terminated, "truncated": truncated, "v_last": v_last,
            "v_reset": v_reset, "gamma": 0.9}


EXERCISES = [
    Exercise(
        name="returns-across-episodes", section="“Returns and the discount” (mdp)",
        solution=returns_to_go, cases=returns_case,
        mistakes=(
            Mistake("leaks across episodes", _returns_after(lambda reward, ended: torch.ones_like(ended)),
                    "Returns leak across episodes: where an episode ended, nothing of what follows "
                    "belongs to it.",
                    "回报跨回合泄漏了：回合结束处，之后的奖励都不属于这个回合。",
                    "Доходы перетекают между эпизодами: там, где эпизод закончился, следующее ему "
                    "уже не принадлежит."),
            Mistake("reset where the reward is 0", _returns_after(lambda reward, ended: reward != 0),
                    "You reset where the reward is 0. A reward of 0 is an ordinary reward; use ended.",
                    "你在奖励为 0 处重置了。奖励 0 只是普通的奖励；请使用 ended。",
                    "Вы сбрасываете доход там, где награда равна 0. Ноль — обычная награда; "
                    "используйте ended."),
            Mistake("no discount", lambda reward, ended, gamma: returns_to_go(reward, ended, 1.0),
                    "Nothing is discounted: multiply the return that follows by gamma.",
                    "没有折扣：后续回报要乘以 gamma。",
                    "Нет дисконтирования: последующий доход умножается на gamma."),
            Mistake("reset too early", _reset_too_early,
                    "You reset after the last step of an episode has been added, so its last reward "
                    "is lost to the "
                    "steps before it, and its last step sees the next episode. Reset before adding r_t.",
                    "你在加上回合最后一步之后才重置：前面各步丢掉了最后的奖励，而最后一步却看到了下一个回合。"
                    "应在加 r_t 之前重置。",
                    "Сброс стоит после прибавления последнего шага эпизода: его награда потеряна для "
                    "предыдущих шагов, "
                    "а сам он видит следующий эпизод. Сбрасывайте до того, как прибавляете r_t."),
            Mistake("weighted from the start", _weighted_from_the_start,
                    "Your weights count from the start of the episode. In G_t the reward r_t has weight 1.",
                    "你的权重是从回合起点算起的。在 G_t 中，r_t 的权重是 1。",
                    "Веса отсчитаны от начала эпизода. В G_t у награды r_t вес 1."),
            Mistake("own reward left out",
                    lambda reward, ended, gamma: returns_to_go(reward, ended, gamma) - reward,
                    "The reward r_t itself is missing: it follows the action of step t and belongs to G_t.",
                    "缺少 r_t 本身：它是第 t 步动作得到的奖励，属于 G_t。",
                    "Пропущена сама награда r_t: она следует за действием шага t и входит в G_t."),
        )),
    Exercise(
        name="bellman-backup", section="“Values and the Bellman equation” (mdp)",
        solution=bellman_backup, cases=backup_case,
        mistakes=(
            Mistake("max over actions",
                    lambda v, transition, reward, policy, gamma: (reward + gamma * transition @ v).amax(1),
                    "This takes the best action. The value of a policy averages over the actions it takes.",
                    "这里取了最好的动作。策略的价值要按该策略选取各动作的概率求平均。",
                    "Здесь взято лучшее действие. Ценность стратегии — среднее по тем действиям, "
                    "которые она выбирает."),
            Mistake("all actions alike",
                    lambda v, transition, reward, policy, gamma: (reward + gamma * transition @ v).mean(1),
                    "All actions count alike here; weight each by the policy's probability.",
                    "这里所有动作的权重相同；应按策略的概率加权。",
                    "Здесь все действия равноправны; взвесьте их вероятностями стратегии."),
            Mistake("no discount",
                    lambda v, transition, reward, policy, gamma:
                    bellman_backup(v, transition, reward, policy, 1.0),
                    "The value of the next state is not discounted.",
                    "下一状态的价值没有打折扣。",
                    "Ценность следующего состояния не дисконтирована."),
            Mistake("reward discounted too",
                    lambda v, transition, reward, policy, gamma:
                    gamma * bellman_backup(v, transition, reward, policy, 1.0),
                    "The reward is discounted too; it comes at once. Only what follows is multiplied "
                    "by gamma.",
                    "奖励也被打了折扣；它是立即得到的。只有后续部分乘以 gamma。",
                    "Дисконтирована и награда, а она приходит сразу. На gamma умножается только "
                    "последующее."),
            Mistake("directions exchanged",
                    lambda v, transition, reward, policy, gamma:
                    bellman_backup(v, transition.transpose(0, 2), reward, policy, gamma),
                    "From and to are exchanged: transition[s, a, s'] leads from s, the first axis, "
                    "to s', the last.",
                    "起点和终点颠倒了：transition[s, a, s'] 从第一维的 s 转移到最后一维的 s'。",
                    "Перепутаны начало и конец: transition[s, a, s'] ведёт из s (первая ось) в s' "
                    "(последняя)."),
            Mistake("own value",
                    lambda v, transition, reward, policy, gamma:
                    (policy * reward).sum(1) + gamma * v,
                    "You add the value of the state itself; add the expected value of the next state.",
                    "你加的是当前状态自己的价值；应加下一状态价值的数学期望。",
                    "Прибавлена ценность самого состояния, а нужно математическое ожидание ценности "
                    "следующего."),
        )),
    Exercise(
        name="one-step-target", section="“Terminated or truncated: what may be bootstrapped” (mdp)",
        solution=one_step_target, cases=target_case,
        mistakes=(
            Mistake("truncation as termination",
                    lambda reward, terminated, truncated, v_last, v_reset, gamma:
                    reward + gamma * ~(terminated | truncated) * v_last,
                    "A truncated step is treated like a terminated one: its last state keeps its value.",
                    "截断被当成了终止：被截断时，最后的状态仍然有价值。",
                    "Усечение принято за завершение: у последнего состояния при усечении ценность остаётся."),
            Mistake("no mask",
                    lambda reward, terminated, truncated, v_last, v_reset, gamma: reward + gamma * v_last,
                    "The target bootstraps from a terminal state; nothing follows it, so its value is 0.",
                    "目标值在终止状态上自举了；终止状态之后什么也没有，其价值为 0。",
                    "Бутстрэппинг от терминального состояния: после него ничего нет, его ценность 0."),
            Mistake("value of the next episode",
                    lambda reward, terminated, truncated, v_last, v_reset, gamma:
                    reward + gamma * ~terminated * v_reset,
                    "At a truncation this takes the value of the next episode's first state.",
                    "截断处用了下一回合初始状态的价值。",
                    "При усечении взята ценность первого состояния следующего эпизода."),
            Mistake("no mask, next episode",
                    lambda reward, terminated, truncated, v_last, v_reset, gamma: reward + gamma * v_reset,
                    "There is no mask, and at every end the value of the next episode's first state "
                    "is added.",
                    "没有掩码，而且每次结束都加上了下一回合初始状态的价值。",
                    "Нет маски, и при каждом окончании прибавляется ценность первого состояния "
                    "следующего эпизода."),
            Mistake("both means truncated",
                    lambda reward, terminated, truncated, v_last, v_reset, gamma:
                    reward + gamma * ~(terminated & ~truncated) * v_last,
                    "Where both are true, the task is over: termination decides.",
                    "两者同时为真时任务已经结束：以终止为准。",
                    "Если верно и то и другое, задача окончена: решает завершение."),
            Mistake("no discount",
                    lambda reward, terminated, truncated, v_last, v_reset, gamma:
                    reward + ~terminated * v_last,
                    "The value of the next state is not discounted.",
                    "下一状态的价值没有打折扣。",
                    "Ценность следующего состояния не дисконтирована."),
        )),
]
