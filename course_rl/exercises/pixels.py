"""Exercises of the chapter on pixels."""

import torch

from course_rl.check import Exercise, Mistake

SIZE = "“How large is the output?” (pixels)"
CONVOLUTION = "“Convolution” (pixels)"
SCREEN = "“From the screen to the observation” (pixels)"


def sizes_case(generator):
    """A picture of 60 to 99 pixels and three layers that fit into it."""
    n, size, stride = (generator.integers(*ends, size=3).tolist() for ends in ((4, 33), (2, 6), (1, 4)))
    filters = list(zip(n, size, stride, strict=True))
    return {"side": int(generator.integers(60, 100)), "filters": filters}


def layers(side, filters, one):
    """The sides after each layer, `one(side, size, stride)` giving the next."""
    sides = []
    for _, size, stride in filters:
        side = one(side, size, stride)
        sides.append(side)
    return sides


def sizes(side, filters):
    return layers(side, filters, lambda n, size, stride: (n - size) // stride + 1)


def convolve_case(generator):
    """Two pictures of 5 x 4, two filters of 2 x 2, small integers."""
    def whole(*shape):
        return torch.as_tensor(generator.integers(-2, 4, size=shape), dtype=torch.float32)
    return {"x": whole(2, 5, 4), "weight": whole(2, 2, 2, 2), "bias": whole(2),
            "stride": int(generator.integers(1, 3))}


def convolve(x, weight, bias, stride, step=None):
    """`step` apart are the windows that are read; by default the stride."""
    step, size = step or stride, weight.shape[-1]
    height, width = ((n - size) // stride + 1 for n in x.shape[1:])
    y = torch.zeros(len(weight), height, width)
    for i in range(height):
        for j in range(width):
            window = x[:, step * i:step * i + size, step * j:step * j + size]
            y[:, i, j] = (weight * window).sum((1, 2, 3)) + bias
    return y


def observe_case(generator):
    """Four frames of 2 x 2 pixels in three colours."""
    return {"frames": torch.as_tensor(generator.integers(0, 256, size=(4, 2, 2, 3)), dtype=torch.float32)}


LUMINANCE = torch.tensor([0.299, 0.587, 0.114])


def observe(frames):
    return (frames[-2:] @ LUMINANCE).amax(0)


def stack_case(generator):
    """Eight frames of one pixel, of two or more episodes."""
    first = torch.as_tensor(generator.random(8) < 0.3)
    first[0] = first[5] = True
    return {"frames": torch.as_tensor(generator.integers(1, 100, size=(8, 1, 1)), dtype=torch.float32),
            "first": first, "n": int(generator.integers(2, 5))}


def stack_frames(frames, first, n, place=lambda t, k, begin: max(t - k, begin)):
    """`place(t, k, begin)`: which frame stands k before the newest at time t."""
    begin, rows = 0, []
    for t in range(len(frames)):
        begin = t if first[t] else begin
        rows.append(torch.stack([frames[place(t, k, begin)] for k in reversed(range(n))]))
    return torch.stack(rows)


def stack_zeros(frames, first, n):
    """Nothing before the episode."""
    padded = torch.cat([torch.zeros_like(frames[:1]), frames])
    return stack_frames(padded, torch.cat([first[:1], first]), n,
                        lambda t, k, begin: t - k if t - k >= begin else 0)[1:]


EXERCISES = [
    Exercise(
        name="conv-sizes", section=SIZE, solution=sizes, cases=sizes_case,
        mistakes=(
            Mistake("no plus one",
                    lambda side, filters: layers(side, filters, lambda n, size, stride: (n - size) // stride),
                    "The number of steps of the window is one less than the number of its places: add 1.",
                    "窗口移动的次数比它的位置数少 1：请加 1。",
                    "Сдвигов окна на один меньше, чем его положений: прибавьте 1."),
            Mistake("rounded up",
                    lambda side, filters:
                    layers(side, filters, lambda n, size, stride: -((size - n) // stride) + 1),
                    "A window that sticks out of the picture does not count: round down.",
                    "超出图像的窗口不算：应向下取整。",
                    "Окно, которое выходит за край, не считается: округляйте вниз."),
            Mistake("stride ignored",
                    lambda side, filters: layers(side, filters, lambda n, size, stride: n - size + 1),
                    "You move the window by one pixel; it moves by the stride.",
                    "你让窗口每次移动一个像素；它应按步幅移动。",
                    "У вас окно сдвигается на один пиксель, а должно — на шаг свёртки."),
            Mistake("padded",
                    lambda side, filters: layers(side, filters, lambda n, size, stride: -(-n // stride)),
                    "This is the size with padding around the picture. Here nothing is added: the whole "
                    "window must lie inside.",
                    "这是在图像四周补零时的大小。这里不补零：整个窗口必须在图像之内。",
                    "Это размер при дополнении картинки по краям. Здесь ничего не добавляется: окно целиком "
                    "лежит внутри."),
            Mistake("every layer from the picture",
                    lambda side, filters: [sizes(side, [layer])[0] for layer in filters],
                    "Each of your layers reads the picture. A layer reads what the layer before it gives.",
                    "你的每一层都在读原图；每一层应读取前一层的输出。",
                    "У вас каждый слой читает картинку, а он читает то, что дал предыдущий слой."),
        )),
    Exercise(
        name="convolve", section=CONVOLUTION, solution=convolve, cases=convolve_case,
        mistakes=(
            Mistake("filter reflected",
                    lambda x, weight, bias, stride: convolve(x, weight.flip(2, 3), bias, stride),
                    "You reflect the filter. That is the convolution of mathematics; in deep learning the "
                    "indices of filter and window run the same way.",
                    "你翻转了卷积核。那是数学中的卷积；在深度学习中，卷积核与窗口的下标方向相同。",
                    "Вы отразили фильтр. Это свёртка в математике; в глубоком обучении индексы фильтра и "
                    "окна идут в одну сторону."),
            Mistake("windows one pixel apart",
                    lambda x, weight, bias, stride: convolve(x, weight, bias, stride, step=1),
                    "The shape is right, but your windows start one pixel apart: window i starts at "
                    "stride * i.",
                    "形状是对的，但你的窗口只相隔一个像素：第 i 个窗口应从 stride * i 开始。",
                    "Форма верна, но ваши окна идут через один пиксель: окно i начинается с stride * i."),
            Mistake("bias forgotten",
                    lambda x, weight, bias, stride: convolve(x, weight, 0 * bias, stride),
                    "The bias of each filter is missing.", "漏掉了每个卷积核的偏置。",
                    "Пропущен сдвиг (bias) каждого фильтра."),
            Mistake("bias for every frame",
                    lambda x, weight, bias, stride: convolve(x, weight, len(x) * bias, stride),
                    "You add the bias once for each input picture; it belongs to the filter, once.",
                    "你对每张输入图都加了一次偏置；偏置属于卷积核，只加一次。",
                    "Вы прибавляете сдвиг (bias) для каждой входной картинки; он относится к фильтру, "
                    "один раз."),
            Mistake("first picture only",
                    lambda x, weight, bias, stride: convolve(x[:1], weight[:, :1], bias, stride),
                    "You read only the first input picture; sum over all of them.",
                    "你只读取了第一张输入图；应对所有输入图求和。",
                    "Вы читаете только первую входную картинку; суммируйте по всем."),
            Mistake("rows and columns exchanged",
                    lambda x, weight, bias, stride: convolve(x, weight.mT, bias, stride),
                    "Rows and columns of the filter are exchanged.", "卷积核的行和列弄反了。",
                    "Строки и столбцы фильтра перепутаны."),
        )),
    Exercise(
        name="observe-frames", section=SCREEN, solution=observe, cases=observe_case,
        mistakes=(
            Mistake("last frame only", lambda frames: frames[-1] @ LUMINANCE,
                    "What flickers may be missing in the last frame: take the maximum of the last two.",
                    "闪烁的物体可能恰好不在最后一帧里：应取最后两帧的最大值。",
                    "В последнем кадре может не быть того, что мерцает: возьмите максимум двух последних."),
            Mistake("all four frames", lambda frames: (frames @ LUMINANCE).amax(0),
                    "The maximum of all four frames leaves a trail behind everything that moves; two are "
                    "enough.",
                    "取全部四帧的最大值，会在一切运动的物体后面留下拖影；两帧就够了。",
                    "Максимум всех четырёх кадров оставляет след за всем, что движется; достаточно двух."),
            Mistake("mean of two frames", lambda frames: (frames[-2:] @ LUMINANCE).mean(0),
                    "The mean shows what flickers at half its brightness; take the maximum.",
                    "平均会使闪烁的物体只剩一半亮度；应取最大值。",
                    "При усреднении мерцающее вдвое темнее; возьмите максимум."),
            Mistake("mean of the colours", lambda frames: frames[-2:].mean(-1).amax(0),
                    "You weigh the three colours equally; luminance has its own weights.",
                    "你对三种颜色一视同仁；亮度有自己的权重。",
                    "Вы взвесили три цвета поровну; у яркости свои веса."),
            Mistake("maximum before grey", lambda frames: frames[-2:].amax(0) @ LUMINANCE,
                    "You take the maximum of each colour first, as Mnih et al. (2015) did. It mixes colours "
                    "that never stood together; here the grey of each frame comes first, then the maximum.",
                    "你先对每种颜色取了最大值（Mnih 等人 2015 年就是这样做的），"
                    "这会把从未同时出现的颜色混在一起；这里应先算每帧的灰度，再取最大值。",
                    "Вы сначала взяли максимум по каждому цвету, как Mnih и соавторы (2015). Так смешиваются "
                    "цвета, которые вместе не стояли; здесь сначала серое каждого кадра, потом максимум."),
        )),
    Exercise(
        name="stack-frames", section=SCREEN, solution=stack_frames, cases=stack_case,
        mistakes=(
            Mistake("across the reset",
                    lambda frames, first, n: stack_frames(
                        frames, first, n, lambda t, k, begin: max(t - k, 0)),
                    "Your stacks reach back into the episode before: they show a motion that never was.",
                    "你的堆叠跨进了上一个回合：它显示的是从未发生过的运动。",
                    "Ваши стеки заходят в предыдущий эпизод: они показывают движение, которого не было."),
            Mistake("black before the start", stack_zeros,
                    "You fill with zeros. Here the first frame of the episode is repeated.",
                    "你用零来填充。这里应重复该回合的第一帧。",
                    "Вы заполняете нулями. Здесь повторяется первый кадр эпизода."),
            Mistake("newest first",
                    lambda frames, first, n: stack_frames(frames, first, n).flip(1),
                    "Your newest frame stands first; the order is oldest first.",
                    "你把最新的帧放在了最前面；顺序应是最旧的在前。",
                    "У вас первым стоит новейший кадр; порядок — от старого к новому."),
            Mistake("newest repeated",
                    lambda frames, first, n: stack_frames(
                        frames, first, n, lambda t, k, begin: t - k if t - k >= begin else t),
                    "You fill with the present frame, so that early stacks jump forth and back; repeat the "
                    "first frame of the episode.",
                    "你用当前帧来填充，使开头的堆叠来回跳动；应重复该回合的第一帧。",
                    "Вы заполняете текущим кадром, и ранние стеки скачут вперёд и назад; повторяйте первый "
                    "кадр эпизода."),
            Mistake("episodes start one late",
                    lambda frames, first, n: stack_frames(frames, torch.cat([first[:1], first[:-1]]), n),
                    "`first[t]` says that frame t itself begins an episode; your episodes begin one frame "
                    "later.",
                    "`first[t]` 表示第 t 帧本身就是一个回合的开始；你的回合晚了一帧。",
                    "`first[t]` значит, что эпизод начинается с самого кадра t; у вас он начинается кадром "
                    "позже."),
        )),
]
