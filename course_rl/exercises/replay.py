"""Exercises of the chapter on experience replay."""

import torch

from course_rl.check import Exercise, Mistake
from course_rl.envs import Step
from course_rl.replay import Replay
from course_rl.seeds import Seeds


def filled(memory, added, seeds):
    """The memory after `added` transitions of every seed."""
    for t in range(added):
        number, flag = torch.full((seeds, 1), t), torch.zeros(seeds, 1, dtype=torch.bool)
        memory.add(Step(number, number, number.float(), number + 1, flag, flag))
    return memory


# Writing into the ring


def _written(places):
    """Write new[:, j] into the slot places(added, E, C)[j]."""
    def answer(slots, new, added):
        slots = slots.clone()
        slots[:, places(added, new.shape[1], slots.shape[1])] = new
        return slots
    return answer


write = _written(lambda added, n, capacity: (added + torch.arange(n)) % capacity)


def _cut_at_the_end(slots, new, added):
    slots, place = slots.clone(), added % slots.shape[1]
    slots[:, place:place + new.shape[1]] = new[:, :slots.shape[1] - place]
    return slots


def write_case(generator):
    """Two seeds; the new transitions are numbered from 100."""
    capacity, n = int(generator.integers(4, 7)), int(generator.integers(1, 4))
    slots = torch.as_tensor(generator.integers(10, 100, size=(2, capacity)), dtype=torch.float32)
    new = torch.as_tensor(generator.integers(100, 1000, size=(2, n)), dtype=torch.float32)
    return {"slots": slots, "new": new, "added": int(generator.integers(0, 20))}


# Drawing from it


def draw(memory, batch_size, rng):
    """index (S, B), each seed its own, and weight (S, B)."""
    index = rng.integers(len(memory), batch_size)
    return index, torch.ones(index.shape)


def _drawn(index, weight=lambda index: torch.ones(index.shape)):
    def answer(memory, batch_size, rng):
        drawn = index(memory, batch_size, rng)
        return drawn, weight(drawn)
    return answer


def draw_case(generator):
    """The buffer is partly filled in half of the cases."""
    capacity = int(generator.integers(6, 10))
    added = int(generator.integers(*((2, capacity - 1) if generator.random() < 0.5 else (10, 30))))
    seeds = [int(seed) for seed in generator.choice(50, size=3, replace=False)]
    return {"capacity": capacity, "added": added, "batch_size": 5, "seeds": seeds}


def run_draw(answer, capacity, added, batch_size, seeds):
    return answer(filled(Replay(capacity, 0.9), added, len(seeds)), batch_size, Seeds(seeds))


# n-step returns


def _walk(stops=lambda terminated, ended, k: bool(ended[k]), factor=lambda factor, gamma, n: factor,
          mask=lambda terminated, ended, k: bool(terminated[k]), weigh=lambda factor: factor):
    """n-step returns with the rules passed in."""
    def answer(reward, terminated, ended, gamma, n):
        returns, discount = torch.zeros_like(reward), torch.zeros_like(reward)
        for t in range(len(reward)):
            power = 1.0
            for k in range(t, min(t + n, len(reward))):
                returns[t] += weigh(power) * reward[k]
                power *= gamma
                if stops(terminated, ended, k):
                    break
            discount[t] = 0.0 if mask(terminated, ended, k) else factor(power, gamma, n)
        return returns, discount
    return answer


n_step_returns = _walk()


def n_step_case(generator):
    """Seven steps: one of the first four terminates, a later one is truncated, the last is the newest."""
    reward = torch.as_tensor(generator.integers(1, 6, size=7), dtype=torch.float32)
    first = int(generator.integers(1, 4))
    terminated = torch.zeros(7, dtype=torch.bool)
    terminated[first] = True
    ended = terminated.clone()
    ended[int(generator.integers(first + 1, 6))] = True
    gamma = float(generator.choice([0.5, 0.8]))
    return {"reward": reward, "terminated": terminated, "ended": ended, "gamma": gamma,
            "n": int(generator.integers(2, 5))}


# A memory of one's own


class Combined(Replay):
    """Uniform replay whose minibatch always contains the newest transition (Zhang & Sutton, 2017)."""

    def draw(self, batch_size, rng):
        index, weight = super().draw(batch_size, rng)
        index[:, 0] = (self.added - 1) % self.capacity
        return index, weight


def _combined(change):
    class Memory(Replay):
        def draw(self, batch_size, rng):
            index, weight = super().draw(batch_size, rng)
            change(self, index)
            return index, weight
    return Memory


def _first_column(place):
    def change(memory, index):
        index[:, 0] = place(memory)
    return _combined(change)


def _first_row(memory, index):
    index[0] = (memory.added - 1) % memory.capacity


def _all(memory, index):
    index[:] = (memory.added - 1) % memory.capacity


def combined_case(generator):
    """The buffer is partly filled in some of the cases."""
    seeds = [int(seed) for seed in generator.choice(50, size=2, replace=False)]
    return {"capacity": int(generator.integers(6, 10)), "added": int(generator.integers(3, 30)),
            "batch_size": 4, "seeds": seeds}


def run_combined(answer, capacity, added, batch_size, seeds):
    memory = answer(capacity, 0.9, 1)
    return None if memory is None else filled(memory, added, len(seeds)).draw(batch_size, Seeds(seeds))


EXERCISES = [
    Exercise(
        name="replay-write", section="“A ring buffer from scratch” (replay)",
        solution=write, cases=write_case,
        mistakes=(
            Mistake("always in front", _written(lambda added, n, capacity: torch.arange(n)),
                    "The new transitions always go into the first slots. The place moves on: use added.",
                    "新转移总是写进最前面的槽位。写入位置应当向前移动：请用 added。",
                    "Новые переходы всегда попадают в первые ячейки. Место записи должно сдвигаться: "
                    "используйте added."),
            Mistake("queue", lambda slots, new, added: torch.cat([slots[:, new.shape[1]:], new], 1),
                    "You shift everything and append at the end. A ring writes in place; nothing else moves.",
                    "你把所有内容整体移位，再接到末尾。环形缓冲区是就地覆盖，其余内容不动。",
                    "Вы сдвигаете всё и дописываете в конец. Кольцо пишет на место, остальное не двигается."),
            Mistake("one too far",
                    _written(lambda added, n, capacity: (added + 1 + torch.arange(n)) % capacity),
                    "One slot too far: transition number 0 belongs into slot 0, number t into t % M.",
                    "多走了一个槽位：第 0 个转移应放在槽位 0，第 t 个放在 t % M。",
                    "На одну ячейку дальше, чем надо: переход номер 0 лежит в ячейке 0, номер t — в "
                    "ячейке t % M."),
            Mistake("over the newest",
                    _written(lambda added, n, capacity: (added - n + torch.arange(n)) % capacity),
                    "You overwrite the newest transitions; the oldest have to go.",
                    "你覆盖的是最新的转移；应当覆盖最旧的。",
                    "Вы затираете самые новые переходы, а уйти должны самые старые."),
            Mistake("cut at the end", _cut_at_the_end,
                    "What does not fit before the last slot is lost. It belongs into the first slots again.",
                    "写到最后一个槽位后，剩下的转移丢失了。它们应当绕回最前面的槽位。",
                    "То, что не поместилось до последней ячейки, пропало. Оно должно попасть снова в "
                    "первые ячейки."),
        )),
    Exercise(
        name="replay-draw", section="“Every seed draws its own” (replay)",
        solution=draw, cases=draw_case, run=run_draw,
        mistakes=(
            Mistake("shared",
                    _drawn(lambda memory, size, rng: rng.integers(len(memory), size)[[0] * len(rng)]),
                    "All seeds share one draw: their runs become correlated, and their band too narrow.",
                    "所有种子共用一次抽样：各次运行因此相关，置信带会过窄。",
                    "Все зёрна пользуются одной выборкой: прогоны становятся зависимыми, полоса — "
                    "слишком узкой."),
            Mistake("beyond the filled part",
                    _drawn(lambda memory, size, rng: rng.integers(memory.capacity, size)),
                    "You draw from all slots, also from those that were never written.",
                    "你从全部槽位中抽取，其中有些还从未写入。",
                    "Вы выбираете из всех ячеек, в том числе из тех, куда ещё ничего не записано."),
            Mistake("never the last",
                    _drawn(lambda memory, size, rng: rng.integers(len(memory) - 1, size)),
                    "The last slot is never drawn: rng.integers(high) already stops below high.",
                    "最后一个槽位永远抽不到：rng.integers(high) 本来就取不到 high。",
                    "Последняя ячейка никогда не выбирается: rng.integers(high) и так "
                    "останавливается перед high."),
            Mistake("the first ones",
                    _drawn(lambda memory, size, rng: (torch.arange(size) % len(memory)).expand(len(rng), -1)),
                    "Nothing is random here: these are always the first slots, neighbours in time.",
                    "这里没有随机性：取的总是最前面的槽位，它们在时间上相邻。",
                    "Здесь нет случайности: это всегда первые ячейки, соседи во времени."),
            Mistake("weight 1/B",
                    _drawn(lambda memory, size, rng: rng.integers(len(memory), size),
                           lambda index: torch.full(index.shape, 1 / index.shape[1])),
                    "The loss already takes the mean over the minibatch: every weight is 1.",
                    "损失函数已经对小批量取了平均：每个权重都应为 1。",
                    "Функция потерь уже усредняет по мини-батчу: каждый вес равен 1."),
        )),
    Exercise(
        name="replay-n-step", section="“n-step returns, made when sampling” (replay)",
        solution=n_step_returns, cases=n_step_case,
        mistakes=(
            Mistake("across episodes", _walk(stops=lambda terminated, ended, k: False),
                    "You walk on into the next episode: stop at the first step that ended.",
                    "你走进了下一个回合：应在第一个 ended 为真的步停下。",
                    "Вы заходите в следующий эпизод: остановитесь на первом шаге, где ended истинно."),
            Mistake("past truncations", _walk(stops=lambda terminated, ended, k: bool(terminated[k])),
                    "A truncated episode is over as well: stop at ended, not only at terminated.",
                    "截断的回合同样结束了：应在 ended 处停下，而不只是在 terminated 处。",
                    "Усечённый эпизод тоже закончен: останавливайтесь на ended, а не только на terminated."),
            Mistake("truncation masked", _walk(mask=lambda terminated, ended, k: bool(ended[k])),
                    "A truncated episode still has a future: only terminated makes the discount 0.",
                    "截断的回合仍有未来：只有 terminated 才使 discount 为 0。",
                    "У усечённого эпизода есть будущее: только terminated обнуляет discount."),
            Mistake("no mask", _walk(mask=lambda terminated, ended, k: False),
                    "After a terminal state nothing may be bootstrapped: there the discount is 0.",
                    "终止状态之后不能自举：那里的 discount 为 0。",
                    "После терминального состояния бутстрэппинга нет: там discount равен 0."),
            Mistake("always gamma^n", _walk(factor=lambda power, gamma, n: gamma ** n),
                    "Where fewer than n steps were taken, the discount is gamma^k for these k steps.",
                    "如果走了不到 n 步，discount 应为这 k 步对应的 gamma^k。",
                    "Если пройдено меньше n шагов, discount равен gamma^k для этих k шагов."),
            Mistake("rewards not discounted", _walk(weigh=lambda power: 1.0),
                    "The rewards are added without discounting: the i-th further one counts gamma^i.",
                    "奖励相加时没有折扣：往后第 i 个奖励应乘以 gamma^i。",
                    "Награды складываются без дисконтирования: i-я следующая входит с множителем gamma^i."),
        )),
    Exercise(
        name="replay-combined", section="“How large? Capacity and batch size” (replay)",
        solution=Combined, cases=combined_case, run=run_combined,
        mistakes=(
            Mistake("last filled slot", _first_column(lambda memory: len(memory) - 1),
                    "The last slot holds the newest transition only until the ring has filled up once.",
                    "只有在环第一次写满之前，最后一个槽位存放的才是最新的转移。",
                    "Последняя ячейка хранит самый новый переход, только пока кольцо не заполнилось "
                    "в первый раз."),
            Mistake("the next slot", _first_column(lambda memory: memory.added % memory.capacity),
                    "This is where the next transition will go; in a full ring it is the oldest one.",
                    "这是下一个转移将要写入的位置；环写满后，那里是最旧的转移。",
                    "Сюда попадёт следующий переход; в полном кольце это самый старый."),
            Mistake("one seed", _combined(_first_row),
                    "Axis 0 is the seed: you replaced the whole minibatch of the first seed. Take a column.",
                    "轴 0 是种子：你替换了第一个种子的整个小批量。应替换一列。",
                    "Ось 0 — зёрна: вы заменили весь мини-батч первого зерна. Нужен столбец."),
            Mistake("only the newest", _combined(_all),
                    "The whole minibatch is the newest transition now: this is learning without replay.",
                    "整个小批量都成了最新的转移：这等于没有回放的学习。",
                    "Теперь весь мини-батч — самый новый переход: это обучение без буфера."),
            Mistake("unchanged", Replay,
                    "This draws like rl.Replay: the newest transition is in the minibatch only by chance.",
                    "这与 rl.Replay 的抽取相同：最新的转移只是偶尔出现在小批量中。",
                    "Это выбирает так же, как rl.Replay: самый новый переход попадает в мини-батч "
                    "лишь случайно."),
        )),
]
