"""Exercises of the chapter on the target network."""

import torch

from course_rl.check import Exercise, Mistake


def two_transitions(updates, every, alpha, gamma):
    theta = frozen = 1.0
    for update in range(1, updates + 1):
        first = 2 * gamma * frozen - theta
        second = 2 * gamma * frozen - 2 * theta
        theta += alpha * (first + 2 * second) / 2
        if update % every == 0:
            frozen = theta
    return theta


def _with(step, early=False):
    """The same loop with another `step(theta, frozen, gamma)`, or with the copy before the update."""
    def answer(updates, every, alpha, gamma):
        theta = frozen = 1.0
        for update in range(1, updates + 1):
            if early and update % every == 0:
                frozen = theta
            theta += alpha * step(theta, frozen, gamma)
            if not early and update % every == 0:
                frozen = theta
        return theta
    return answer


def two_transitions_case(generator):
    """A few updates, so that they can be followed by hand."""
    updates, every = int(generator.integers(4, 9)), int(generator.integers(2, 4))
    gamma = float(generator.choice([0.8, 0.9, 0.95]))
    return {"updates": updates, "every": every, "alpha": 0.1, "gamma": gamma}


def lazy_update(every, tau):
    def sync(frozen, online, update):
        if update % every == 0:
            frozen.lerp_(online, tau)
    return sync


def lazy_case(generator):
    """One seed, one weight: the target network's, and the online one's after each of six updates."""
    online = torch.as_tensor(generator.integers(-9, 10, size=6), dtype=torch.float32)
    return {"every": int(generator.integers(2, 4)), "tau": float(generator.choice([0.25, 1.0])),
            "frozen": torch.zeros(1, 1), "online": online}


def follow(answer, every, tau, frozen, online):
    """The weights of the target network and of the online one after each update: (2, updates)."""
    sync, frozen = answer(every, tau), frozen.clone()
    if sync is None:
        return None
    after = []
    for update, weight in enumerate(online.tolist(), 1):
        weights = torch.full_like(frozen, weight)
        sync(frozen, weights, update)
        after.append(torch.cat([frozen, weights]))
    return torch.cat(after, 1)


def _sync(body):
    """`body(frozen, online, update, every, tau)` in the form of the exercise."""
    return lambda every, tau: lambda frozen, online, update: body(frozen, online, update, every, tau)


def _due(update, every):
    return update % every == 0


def linear_q(weights, obs):
    return obs @ weights.mT


def dqn_loss(weights, frozen_weights, obs, action, reward, discount, next_obs):
    estimate = linear_q(weights, obs).gather(-1, action[..., None]).squeeze(-1)
    with torch.no_grad():
        y = reward + discount * linear_q(frozen_weights, next_obs).amax(-1)
    return ((y - estimate) ** 2).mean(1)


def loss_case(generator):
    """Two seeds, two transitions of two numbers, two actions; the first seed's last transition terminated."""
    def normal(*shape):
        return torch.as_tensor(generator.normal(size=shape).round(1), dtype=torch.float32)
    discount = torch.full((2, 2), 0.9)
    discount[0, 1] = 0.0
    return {"weights": normal(2, 2, 2), "frozen_weights": normal(2, 2, 2), "obs": normal(2, 2, 2),
            "action": torch.as_tensor(generator.integers(2, size=(2, 2))), "reward": normal(2, 2),
            "discount": discount, "next_obs": normal(2, 2, 2)}


def loss_and_gradients(answer, weights, frozen_weights, **batch):
    """The loss (S,) and its gradients by the weights of both networks."""
    both = [w.clone().requires_grad_() for w in (weights, frozen_weights)]
    loss = answer(*both, **batch)
    if loss is None:
        return None
    total = torch.as_tensor(loss).sum()
    gradients = [torch.zeros_like(w) for w in both]
    if total.requires_grad:
        gradients = torch.autograd.grad(total, both, allow_unused=True, materialize_grads=True)
    return [torch.as_tensor(loss).detach(), *gradients]


def _loss(estimates_by=0, targets_by=1, stop=True, every_action=False, summed=False):
    """The loss with one thing wrong."""
    def answer(weights, frozen_weights, obs, action, reward, discount, next_obs):
        q = linear_q((weights, frozen_weights)[estimates_by], obs)
        y = reward + discount * linear_q((weights, frozen_weights)[targets_by], next_obs).amax(-1)
        y = y.detach() if stop else y
        if every_action:
            return ((y[..., None] - q) ** 2).mean((1, 2))
        error = (y - q.gather(-1, action[..., None]).squeeze(-1)) ** 2
        return error.sum(1) if summed else error.mean(1)
    return answer


MADE = {
    "online": lambda online: online,
    "online[:]": lambda online: online[:],
    "online.detach()": lambda online: online.detach(),
    "online.clone()": lambda online: online.clone(),
    "online.clone() + 1": lambda online: online.clone() + 1,
}


def is_separate(frozen, online):
    before = frozen.clone()
    online += 1
    separate = torch.equal(frozen, before)
    online -= 1
    return separate


def separate_case(generator):
    """How the target network was made, and weights of two seeds."""
    online = torch.as_tensor(generator.integers(-9, 10, size=(2, 2)), dtype=torch.float32)
    return {"frozen_is": list(MADE)[int(generator.integers(len(MADE)))], "online": online}


def asked(answer, frozen_is, online):
    """The verdict, and whether the online network is afterwards what it was."""
    weights = online.clone()
    verdict = answer(MADE[frozen_is](weights), weights)
    return None if verdict is None else (bool(verdict), torch.equal(weights, online))


def _not_restored(frozen, online):
    before = frozen.clone()
    online += 1
    return torch.equal(frozen, before)


def _rebinds(frozen, online):
    before = frozen.clone()
    online = online + 1  # a new tensor of that name: no network has changed
    return torch.equal(frozen, before)


EXERCISES = [
    Exercise(
        name="two-transitions", section="“Worked by hand: one weight, two states” (target-network)",
        solution=two_transitions, cases=two_transitions_case,
        mistakes=(
            Mistake("target from the online weight",
                    _with(lambda theta, frozen, gamma: (6 * gamma * theta - 5 * theta) / 2),
                    "Your targets follow the online weight; between two copies use the frozen one.",
                    "你的目标值跟着在线权重走：在两次复制之间，目标值应由冻结的权重计算。",
                    "Ваши цели следуют за онлайн-весом; между копированиями их считают по замороженному."),
            Mistake("gradient of 2 theta forgotten",
                    _with(lambda theta, frozen, gamma: (4 * gamma * frozen - 3 * theta) / 2),
                    "The estimate of the second state is twice the weight, so its gradient is 2, not 1.",
                    "第二个状态的估计值是权重的两倍，所以它的梯度是 2，而不是 1。",
                    "Оценка второго состояния — удвоенный вес, поэтому её градиент равен 2, а не 1."),
            Mistake("copy before the update",
                    _with(lambda theta, frozen, gamma: (6 * gamma * frozen - 5 * theta) / 2, early=True),
                    "You copy before the update of that number; the copy comes after it.",
                    "你在该次更新之前就复制了；复制应在更新之后。",
                    "Вы копируете до обновления с этим номером, а нужно после него."),
            Mistake("sum instead of mean", _with(lambda theta, frozen, gamma: 6 * gamma * frozen - 5 * theta),
                    "Your step adds the two transitions; it should average them.",
                    "你的更新把两个转移相加；应取平均。",
                    "Ваш шаг складывает два перехода, а нужно их усреднить."),
        )),
    Exercise(
        name="lazy-update", section="“Hard and soft updates” (target-network)",
        solution=lazy_update, cases=lazy_case, run=follow,
        mistakes=(
            Mistake("rebinds the name", _sync(lambda frozen, online, update, every, tau: None),
                    "The target network never moves. An assignment `frozen = …` gives the name to a new "
                    "tensor, and a returned tensor is dropped: change `frozen` in place.",
                    "目标网络始终没有变化。赋值 `frozen = …` 只是让名字指向一个新张量，"
                    "返回的张量也会被丢弃：请原地修改 `frozen`。",
                    "Целевая сеть не меняется. Присваивание `frozen = …` даёт имя новому тензору, "
                    "а возвращённый тензор никто не берёт: изменяйте `frozen` на месте."),
            Mistake("one update late",
                    _sync(lambda frozen, online, update, every, tau:
                          frozen.lerp_(online, tau) if _due(update - 1, every) else None),
                    "You move at updates 1, 1 + every, …; the first time is after update `every`.",
                    "你在第 1、1 + every、…… 次更新时移动；第一次应在第 `every` 次更新之后。",
                    "Вы сдвигаете на обновлениях 1, 1 + every, …; первый раз — после обновления `every`."),
            Mistake("at every update",
                    _sync(lambda frozen, online, update, every, tau: frozen.lerp_(online, tau)),
                    "You move after each update; `every` is not used.",
                    "你在每次更新后都移动；没有用到 `every`。",
                    "Вы сдвигаете после каждого обновления; `every` не используется."),
            Mistake("roles exchanged",
                    _sync(lambda frozen, online, update, every, tau:
                          online.lerp_(frozen, tau) if _due(update, every) else None),
                    "The roles are exchanged: you pull the online network back and undo what it has learned.",
                    "角色颠倒了：你把在线网络拉了回去，抹掉了它学到的东西。",
                    "Роли перепутаны: вы тянете назад онлайн-сеть и стираете то, чему она научилась."),
            Mistake("1 - tau",
                    _sync(lambda frozen, online, update, every, tau:
                          frozen.lerp_(online, 1 - tau) if _due(update, every) else None),
                    "You take 1 − tau for tau: tau is the weight of the online network.",
                    "你把 1 − tau 当成了 tau：tau 是在线网络的权重。",
                    "Вместо tau у вас 1 − tau: tau — это вес онлайн-сети."),
            Mistake("adds",
                    _sync(lambda frozen, online, update, every, tau:
                          frozen.add_(tau * online) if _due(update, every) else None),
                    "You add without taking away: the target network keeps its old weights in full.",
                    "你只往目标网络上加，没有减：旧权重仍按原样保留。",
                    "Вы прибавляете к целевой сети, ничего не отнимая: старые веса остаются целиком."),
        )),
    Exercise(
        name="dqn-loss-on-weights", section="“Definition: the loss with a frozen copy” (target-network)",
        solution=dqn_loss, cases=loss_case, run=loss_and_gradients,
        mistakes=(
            Mistake("no target network", _loss(targets_by=0),
                    "The targets are computed with the online weights: there is no target network.",
                    "目标值是用在线权重计算的：目标网络没有起作用。",
                    "Цели посчитаны по весам онлайн-сети: целевой сети здесь нет."),
            Mistake("gradient through the online target", _loss(targets_by=0, stop=False),
                    "The targets are computed with the online weights, and a gradient flows through them.",
                    "目标值是用在线权重计算的，而且梯度还流经目标值。",
                    "Цели посчитаны по весам онлайн-сети, и градиент проходит ещё и через них."),
            Mistake("gradient reaches the frozen weights", _loss(stop=False),
                    "The value is right, but a gradient reaches the frozen weights; compute the target under "
                    "`torch.no_grad()`.",
                    "数值是对的，但梯度传到了冻结的权重；请在 `torch.no_grad()` 下计算目标值。",
                    "Значение верное, но градиент доходит до замороженных весов; "
                    "вычисляйте цель под `torch.no_grad()`."),
            Mistake("roles exchanged", _loss(estimates_by=1, targets_by=0),
                    "The roles are exchanged: the frozen weights would learn from the online ones' targets.",
                    "角色颠倒了：这样是冻结的权重在向在线权重给出的目标值学习。",
                    "Роли перепутаны: замороженные веса учились бы на целях онлайн-сети."),
            Mistake("every action", _loss(every_action=True),
                    "You compare the target with the values of all actions; only the action taken counts.",
                    "你让所有动作的价值都去逼近目标值；只有实际采取的动作才应计入。",
                    "Вы сравниваете цель с ценностями всех действий; считается только совершённое."),
            Mistake("sum over the batch", _loss(summed=True),
                    "You add over the minibatch; take the mean.",
                    "你对小批量求了和；应取平均。",
                    "Вы складываете по мини-батчу; нужно среднее."),
        )),
    Exercise(
        name="target-is-separate",
        section="“A mistake you will meet: two names, one network” (target-network)",
        solution=is_separate, cases=separate_case, run=asked,
        mistakes=(
            Mistake("identity of the objects", lambda frozen, online: frozen is not online,
                    "You ask whether the Python objects differ; two tensor objects can share one memory.",
                    "你判断的是 Python 对象是否不同；两个张量对象可以共用同一块内存。",
                    "Вы спрашиваете, разные ли это объекты Python; у двух тензоров может быть одна память."),
            Mistake("equality of the values", lambda frozen, online: not torch.equal(frozen, online),
                    "You compare values; right after a copy they are equal, and the networks still separate.",
                    "你比较的是数值；刚复制之后，两个网络虽然是分开的，数值却相等。",
                    "Вы сравниваете значения; сразу после копирования они равны, хотя сети раздельные."),
            Mistake("not restored", _not_restored,
                    "The verdict is right, but the online network is left changed: undo what you changed.",
                    "判断是对的，但在线网络被改动了：请把改动恢复。",
                    "Вывод верный, но онлайн-сеть осталась изменённой: верните её в прежнее состояние."),
            Mistake("changes a copy", _rebinds,
                    "You never change the online network: `online = online + 1` makes a new tensor. "
                    "Change it in place.",
                    "你并没有改变在线网络：`online = online + 1` 产生的是一个新张量。请原地修改。",
                    "Онлайн-сеть вы не изменили: `online = online + 1` создаёт новый тензор. "
                    "Меняйте на месте."),
            Mistake("the opposite", lambda frozen, online: not is_separate(frozen, online),
                    "Your verdict is the opposite: True means that the two share no memory.",
                    "结论反了：True 表示两者不共用内存。",
                    "Вывод обратный: True значит, что общей памяти у них нет."),
        )),
]
