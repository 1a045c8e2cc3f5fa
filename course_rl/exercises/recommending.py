"""Exercises of the chapter on the recommender as a decision problem."""

import numpy as np
import torch

from course_rl.check import Exercise, Mistake

MDP = "“The recommender as a Markov decision process” (recommending)"
BASELINES = "“The baselines” (recommending)"
OPTIMUM = "“The optimum” (recommending)"


def visit_case(generator):
    """One seed, two users, three films; quarters, short to print."""
    click, finish = generator.integers(1, 4, size=(2, 1, 2, 3)) / 4
    return {"click": torch.as_tensor(click, dtype=torch.float32),
            "finish": torch.as_tensor(finish, dtype=torch.float32)}


def visit_reward(click, finish):
    return -0.1 * (1 - click) + click * ((1 - finish) + 10 * finish)


def crowd_case(generator):
    """Three users, five films of two groups; the oldest place is often of the film's group."""
    group = torch.tensor([0, 0, 1, 1, 0])
    history = generator.integers(1, 6, size=(3, 5))
    history[0, 3:] = 0  # this user has clicked on three films
    film = generator.integers(0, 5, size=3)
    return {"history": torch.as_tensor(history), "film": torch.as_tensor(film), "group": group}


def crowd(history, film, group):
    kept = history[:, :-1]
    same = (kept > 0) & (group[(kept - 1).clamp(min=0)] == group[film][:, None])
    return 1 + same.sum(1)


def _crowd_of_all_five(history, film, group):
    same = (history > 0) & (group[(history - 1).clamp(min=0)] == group[film][:, None])
    return 1 + same.sum(1)


def _crowd_with_empty_places(history, film, group):
    return 1 + (group[history[:, :-1] - 1] == group[film][:, None]).sum(1)


def _crowd_of_same_film(history, film, group):
    return 1 + (history[:, :-1] == film[:, None] + 1).sum(1)


def _crowd_shifted(history, film, group):
    kept = history[:, :-1]
    same = (kept > 0) & (group[kept.clamp(max=len(group) - 1)] == group[film][:, None])
    return 1 + same.sum(1)


def horizon_case(generator):
    """Two states, two actions, two to four steps; a quarter of the probability may be the end."""
    weight = generator.integers(0, 3, size=(2, 2, 2)) + 0.0
    return {"transition": torch.as_tensor(weight / 4, dtype=torch.float32),
            "reward": torch.as_tensor(generator.integers(-2, 5, size=(2, 2)), dtype=torch.float32),
            "horizon": int(generator.integers(2, 5))}


def backward_induction(transition, reward, horizon):
    value = torch.zeros(len(reward))
    for _ in range(horizon):
        value = (reward + transition @ value).amax(1)
    return value


def _one_step_short(transition, reward, horizon):
    return backward_induction(transition, reward, horizon - 1)


def _mean_over_actions(transition, reward, horizon):
    value = torch.zeros(len(reward))
    for _ in range(horizon):
        value = (reward + transition @ value).mean(1)
    return value


def _myopic_value(transition, reward, horizon):
    rows, action = torch.arange(len(reward)), reward.argmax(1)
    value = torch.zeros(len(reward))
    for _ in range(horizon):
        value = reward[rows, action] + transition[rows, action] @ value
    return value


def _rows_rescaled(transition, reward, horizon):
    total = transition.sum(-1, keepdim=True)
    return backward_induction(transition / torch.where(total > 0, total, 1), reward, horizon)


def rule_case(generator):
    """One seed, two users, four films, rewards all different; for the second user every film is crowded, and
    the rewards are close."""
    first = generator.permutation(np.arange(-2, 7) / 2)[:4]
    second = generator.permutation(np.arange(800, 804) / 100)
    reward = np.stack([first, second])[None]
    of_group = generator.integers(1, 6, size=(1, 2, 4))
    of_group[0, 0, 0], of_group[0, 1] = 1, generator.integers(3, 6, size=4)
    return {"reward": torch.as_tensor(reward, dtype=torch.float32), "of_group": torch.as_tensor(of_group),
            "limit": 3}


def hand_rule(reward, of_group, limit):
    return (reward - 100 * (of_group >= limit)).argmax(-1)


def _rewards_rounded_away(reward, of_group, limit):
    return (reward - 1e6 * (of_group >= limit)).argmax(-1)


EXERCISES = [
    Exercise(
        name="visit-reward", section=MDP, solution=visit_reward, cases=visit_case,
        mistakes=(
            Mistake("both rewards", lambda click, finish: -0.1 * (1 - click) + click * (1 + 10 * finish),
                    "A film that is watched to the end brings 10, not 1 + 10: the three outcomes exclude "
                    "each other.",
                    "看完的影片带来的奖励是 10，而不是 1 + 10：三种结果互相排斥。",
                    "Фильм, досмотренный до конца, приносит 10, а не 1 + 10: три исхода исключают друг "
                    "друга."),
            Mistake("finish unconditional",
                    lambda click, finish: -0.1 * (1 - click) + (click - finish) + 10 * finish,
                    "You take finish for the probability of the whole event. It is P(finish | click): only "
                    "who has clicked can watch to the end.",
                    "你把 finish 当成了整个事件的概率。它是 P(finish | click)：只有点击了的人才可能看完。",
                    "Вы приняли finish за вероятность всего события. Это P(finish | click): досмотреть может "
                    "лишь тот, кто кликнул."),
            Mistake("ignored for free",
                    lambda click, finish: click * ((1 - finish) + 10 * finish),
                    "An ignored recommendation is not free: it brings -0.1, with probability 1 - click.",
                    "被忽略的推荐并非毫无代价：它以概率 1 - click 带来 -0.1。",
                    "Рекомендация, оставленная без внимания, не бесплатна: она приносит -0.1 с вероятностью "
                    "1 - click."),
            Mistake("sign of ignored",
                    lambda click, finish: 0.1 * (1 - click) + click * ((1 - finish) + 10 * finish),
                    "Being ignored costs 0.1; you pay the recommender for it.",
                    "被忽略要扣 0.1 分；你却因此给推荐系统加了分。",
                    "За пропущенную рекомендацию система теряет 0.1, а у вас она это получает."),
        )),
    Exercise(
        name="group-count", section=MDP, solution=crowd, cases=crowd_case,
        mistakes=(
            Mistake("all five places", _crowd_of_all_five,
                    "You count the new film and all five old ones: six. After a click the oldest film is "
                    "forgotten.",
                    "你把新影片和原来的五部都数了进去，共六部。点击之后，最早的一部会被遗忘。",
                    "Вы сосчитали новый фильм и все пять прежних, то есть шесть. После клика самый старый "
                    "забывается."),
            Mistake("the film itself left out", lambda history, film, group: crowd(history, film, group) - 1,
                    "The recommended film is in the new history too: it counts itself.",
                    "被推荐的影片也在新的历史里：它自己也要算。",
                    "Рекомендованный фильм тоже попадает в новую историю: он считает и себя."),
            Mistake("empty places counted", _crowd_with_empty_places,
                    "Symbol 0 is an empty place. Minus one it becomes index -1, which is the last film of "
                    "the catalogue: mask the empty places.",
                    "符号 0 表示空位。减一之后变成索引 -1，也就是片库的最后一部影片：请屏蔽空位。",
                    "Символ 0 означает пустое место. Минус один — и он становится индексом -1, то есть "
                    "последним фильмом каталога: пустые места нужно отсечь."),
            Mistake("same film instead of same group", _crowd_of_same_film,
                    "You count how often this very film stands in the history. Boredom asks for its group.",
                    "你数的是这部影片本身在历史中出现的次数。厌倦看的是它所属的组。",
                    "Вы считаете, сколько раз в истории стоит сам этот фильм. Для скуки важна его группа."),
            Mistake("symbols not shifted", _crowd_shifted,
                    "Film i is written i + 1 in the history: subtract 1 before you look up the group.",
                    "影片 i 在历史中写作 i + 1：查组号之前要先减 1。",
                    "Фильм i записан в истории как i + 1: вычтите 1, прежде чем искать его группу."),
        )),
    Exercise(
        name="backward-induction", section=OPTIMUM, solution=backward_induction, cases=horizon_case,
        mistakes=(
            Mistake("one step short", _one_step_short,
                    "Your result has one step too few: every one of the `horizon` steps pays a reward, the "
                    "last one too.",
                    "你少算了一步：`horizon` 步中的每一步都有奖励，最后一步也有。",
                    "Не хватает одного шага: награду даёт каждый из `horizon` шагов, в том числе последний."),
            Mistake("mean over actions", _mean_over_actions,
                    "The mean over the actions is the value of the random policy. The optimum takes the "
                    "maximum.",
                    "对动作求平均得到的是随机策略的价值。最优值要取最大值。",
                    "Среднее по действиям — это ценность случайной стратегии. Оптимум берёт максимум."),
            Mistake("myopic actions", _myopic_value,
                    "You pick the action with the largest reward and then follow it: that is the value of "
                    "the myopic policy. Take the maximum of reward + what follows.",
                    "你先选奖励最大的动作，再沿着它走：这是短视策略的价值。应对“奖励 + 后续价值”取最大值。",
                    "Вы выбираете действие с наибольшей наградой и следуете ему: это ценность близорукой "
                    "стратегии. Берите максимум суммы: награда и то, что последует."),
            Mistake("last reward only", lambda transition, reward, horizon: reward.amax(1),
                    "This is the value of a single step. Go back from the end, `horizon` times.",
                    "这只是一步的价值。请从末尾往回推，共推 `horizon` 次。",
                    "Это ценность одного-единственного шага. Идите от конца назад, `horizon` раз."),
            Mistake("rows rescaled", _rows_rescaled,
                    "You divide the rows so that they sum to 1. What is missing is the probability that the "
                    "episode ends, after which nothing follows.",
                    "你把各行重新归一化为和为 1。缺少的那部分是回合终止的概率，终止之后什么都没有。",
                    "Вы делите строки так, чтобы сумма стала 1. Недостающая часть — вероятность конца "
                    "эпизода, после которого ничего не следует."),
        )),
    Exercise(
        name="hand-rule", section=BASELINES, solution=hand_rule, cases=rule_case,
        mistakes=(
            Mistake("limit allowed", lambda reward, of_group, limit: hand_rule(reward, of_group, limit + 1),
                    "You forbid a film only above the limit. The rule forbids of_group >= limit.",
                    "你只在超过上限时才禁止。规则禁止的是 of_group >= limit。",
                    "Вы запрещаете фильм лишь выше предела. Правило запрещает of_group >= limit."),
            Mistake("no rule", lambda reward, of_group, limit: reward.argmax(-1),
                    "This is the myopic policy: the rule never takes effect.",
                    "这就是短视策略：规则从未起作用。",
                    "Это близорукая стратегия: правило ни на что не влияет."),
            Mistake("multiplied by the mask",
                    lambda reward, of_group, limit: (reward * (of_group < limit)).argmax(-1),
                    "You set the reward of forbidden films to 0. Allowed films may have less than 0, and if "
                    "all films are forbidden all look alike.",
                    "你把被禁影片的奖励设成了 0。允许的影片的奖励可能小于 0；"
                    "而如果所有影片都被禁，它们看起来就都一样了。",
                    "Вы обнулили награду запрещённых фильмов. У разрешённых она бывает и меньше 0, а если "
                    "запрещены все, все они кажутся одинаковыми."),
            Mistake("rewards rounded away", _rewards_rounded_away,
                    "If all films are forbidden, their rewards no longer decide: you subtract so much that "
                    "float32 rounds them away (or you give all forbidden films the same number).",
                    "如果所有影片都被禁，起作用的就不再是它们的奖励：你减去的数太大，float32 把奖励舍入掉了"
                    "（或者你给所有被禁的影片赋了同一个数）。",
                    "Если запрещены все фильмы, их награды уже ничего не решают: вы вычитаете столько, что "
                    "float32 их теряет при округлении (или даёте всем запрещённым одно и то же число)."),
            Mistake("least crowded", lambda reward, of_group, limit:
                    (reward - 100 * of_group).argmax(-1),
                    "You always take a film of the least crowded group. Below the limit, the reward decides.",
                    "你总是选出现次数最少的组里的影片。只要低于上限，就应由奖励决定。",
                    "Вы всегда берёте фильм из группы, которой меньше всего. Ниже предела решает награда."),
        )),
]
