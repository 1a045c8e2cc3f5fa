// DQN on CartPole-v1: to push, to play against, to see at moments of its training.

const WORDS = {
  training: ["Training: drag back to see it fail", "训练进度：往回拖，看它失败", "Обучение: сдвиньте назад, и он упадёт"],
  tested: ["At {step} steps of training this agent's greedy test return is {value} of 500; seeds at 475 or more: {n} of {seeds}.",
    "训练 {step} 步后，这个智能体的贪心测试回报为 {value}（满分 500）；{seeds} 个种子中有 {n} 个不低于 475。",
    "После {step} шагов обучения жадный доход этого агента в тесте {value} из 500; зёрен с доходом от 475: {n} из {seeds}."],
  speed: ["Speed", "速度", "Скорость"],
  again: ["New episode", "新回合", "Новый эпизод"],
  pushLeft: ["← Push", "← 推车", "← Толчок"],
  pushRight: ["Push →", "推车 →", "Толчок →"],
  tipLeft: ["↶ Tip", "↶ 碰杆", "↶ Наклон"],
  tipRight: ["Tip ↷", "碰杆 ↷", "Наклон ↷"],
  holdLeft: ["← Left", "← 左", "← Влево"],
  holdRight: ["Right →", "右 →", "Вправо →"],
  duel: ["Play against it", "与它比赛", "Сыграть против него"],
  stage: ["Stage. Here the arrow keys ← → push the cart, the space bar plays and pauses.",
    "舞台。在这里用方向键 ← → 推车，空格键播放或暂停。",
    "Сцена. Здесь стрелки ← → толкают тележку, пробел — пуск и пауза."],
  hint: ["Push the cart or tip the pole: with the buttons, with a finger or the mouse on the picture, or, once it has the focus, with ← →.",
    "推一推小车，或碰一碰杆：可以用按钮，可以用手指或鼠标点图，也可以在选中图后按 ← →。",
    "Толкните тележку или шест: кнопками, пальцем или мышью по рисунку либо стрелками ← →, когда рисунок в фокусе."],
  duelHint: ["The upper cart is yours: ← and → choose the side of the force, which never rests. Both begin alike. A lower speed makes it easier.",
    "上面的小车由你控制：← 和 → 选择用力的方向，力始终存在。双方起点相同。降低速度会容易一些。",
    "Верхняя тележка ваша: ← и → выбирают сторону силы, без силы тележка не бывает. Начало у обоих одинаковое. На меньшей скорости легче."],
  you: ["you", "你", "вы"],
  agent: ["agent", "智能体", "агент"],
  score: ["Steps: {agent}", "步数：{agent}", "Шагов: {agent}"],
  scores: ["You: {you} · agent: {agent} · your best: {best}", "你：{you} · 智能体：{agent} · 你的最好成绩：{best}",
    "Вы: {you} · агент: {agent} · ваш рекорд: {best}"],
  fell: ["The episode ended after {n} steps: terminated.", "回合在第 {n} 步结束：终止。", "Эпизод закончился на шаге {n}: терминальное состояние."],
  limit: ["500 steps: the time limit. The episode is truncated, the agent has not failed.",
    "500 步：到达时间上限。回合被截断，智能体并没有失败。",
    "500 шагов: лимит времени. Эпизод прерван, агент не потерпел неудачу."],
  youFell: ["Your episode ended after {you} steps.", "你的回合在第 {you} 步终止。", "Ваш эпизод закончился на шаге {you}."],
  youLimit: ["You have balanced to the time limit of 500 steps.", "你坚持到了 500 步的时间上限。", "Вы продержались до лимита в 500 шагов."],
  agentUp: ["The agent's goes on.", "智能体的回合还在继续。", "Эпизод агента продолжается."],
  agentFell: ["The agent's ended after {agent}.", "智能体的回合在第 {agent} 步终止。", "Эпизод агента закончился на шаге {agent}."],
  last: ["y = r = 1: s′ is terminal, nothing follows", "y = r = 1：s′ 是终止状态，之后没有回报", "y = r = 1: s′ терминально, дальше ничего нет"],
  greedy: ["greedy", "贪心", "жадное"],
  picture: ["Cart at {x} m, pole at {angle}°, step {n}.", "小车位于 {x} 米，杆偏 {angle}°，第 {n} 步。", "Тележка: {x} м, шест: {angle}°, шаг {n}."],
  bars: ["Estimates: left {left}, right {right}, target {y}.", "估计：左 {left}，右 {right}，目标值 {y}。", "Оценки: влево {left}, вправо {right}, целевое значение {y}."],
};

const TARGET = "y = r + γ max Q(s′) = 1 + {gamma} · {next} = {y}";
const LIMIT = 500; // steps
const SOLVED = 475; // mean return of a test
const REST = 100; // steps between the end of an episode and the next one
const SHOVE = 0.6; // m/s for a pushed cart, rad/s for a tipped pole
const SPEEDS = [1, 0.5, 0.25];

/** One step of 0.02 s, in the order of Gymnasium's arithmetic. state: [x, speed, angle, angular speed]. */
function physics([x, speed, angle, turning], action) {
  const force = action === 1 ? 10 : -10, [sin, cos] = [Math.sin(angle), Math.cos(angle)];
  const push = (force + 0.05 * (turning * turning) * sin) / 1.1;
  const turn = (9.8 * sin - cos * push) / (0.5 * (4 / 3 - (0.1 * (cos * cos)) / 1.1));
  const pull = push - (0.05 * turn * cos) / 1.1;
  const state = [x + 0.02 * speed, speed + 0.02 * pull, angle + 0.02 * turning, turning + 0.02 * turn];
  const terminated = Math.abs(state[0]) > 2.4 || Math.abs(state[2]) > (12 * 2 * Math.PI) / 360;
  return { state, terminated };
}

start("cart_pole", (root, data) => {
  const probe = decode(data.probe), [seeds, moments] = [data.seeds.length, data.steps.length];
  const size = probe.length / seeds / moments;
  let seed = 0, moment = moments - 1, speed = 0, duel = false, best = 0, held = 1, rest = 0;
  let agent, you, view;

  const networkOf = (i, k) => probe.subarray((i * moments + k) * size, (i * moments + k + 1) * size);
  /** Both actions' values, in units of the return. */
  const q = (state, network = networkOf(seed, moment)) => {
    const scaled = state.map((number, i) => number / data.scale[i]);
    return forward(network, data.sizes, scaled).map((value) => value / data.rewardScale);
  };

  const over = () => (duel ? you : agent).end;

  /** A new episode; both carts begin in the same state. */
  const fresh = () => {
    const state = Array.from({ length: 4 }, () => 0.1 * Math.random() - 0.05);
    agent = { state, before: state, score: 0, end: "" };
    you = { ...agent };
    view = undefined;
    said.textContent = "";
  };

  const move = (player, action) => {
    if (player.end) return;
    const after = physics(player.state, action);
    Object.assign(player, { before: player.state, state: after.state, action, score: player.score + 1 });
    if (after.terminated) player.end = "fell";
    else if (player.score === LIMIT) player.end = "limit"; // truncated: no failure
  };

  const step = () => {
    if (over()) {
      if (--rest <= 0) fresh();
      return;
    }
    const values = q(agent.state), action = argmax(values);
    if (!agent.end) {
      move(agent, action);
      const next = Math.max(...q(agent.state)), terminal = agent.end === "fell";
      view = { values, action, next, terminal, y: 1 + (terminal ? 0 : data.gamma * next) };
    }
    if (duel) move(you, held);
    if (over()) end();
    else if (agent.score % 50 === 0) describe();
  };

  const end = () => {
    rest = REST;
    if (duel) {
      time.pause();
      best = Math.max(best, you.score);
      const other = agent.end === "fell" ? "agentFell" : "agentUp";
      said.textContent = `${say(WORDS, you.end === "limit" ? "youLimit" : "youFell", { you: you.score })} ${
        say(WORDS, other, { agent: agent.score })}`;
    } else {
      said.textContent = say(WORDS, agent.end, { n: agent.score });
    }
    show();
  };

  // ---- what the reader does ----

  const play = () => {
    if (over()) fresh();
    if (time.playing) time.pause();
    else time.play();
    show();
  };
  /** side: 0 left, 1 right. In a duel it is the side of the reader's force, else a shove to the agent's cart. */
  const push = (side) => {
    if (duel) {
      held = side;
      if (!over() && !time.playing) play();
    } else {
      agent.state = agent.state.map((number, i) => (i === 1 ? number + (side ? SHOVE : -SHOVE) : number));
    }
    draw(1);
  };
  const tip = (side) => {
    agent.state = agent.state.map((number, i) => (i === 3 ? number + (side ? SHOVE : -SHOVE) : number));
    draw(1);
  };
  const press = (event) => {
    const [x, y] = [event.offsetX / picture.clientWidth, event.offsetY];
    stage.focus({ preventScroll: true });
    if (duel) return push(x > 0.5 ? 1 : 0);
    const cart = 0.5 + agent.state[0] / 5.4, side = x < cart ? 1 : 0; // away from the finger
    return y < picture.clientHeight - 60 ? tip(side) : push(side);
  };
  const key = (event) => {
    const act = { ArrowLeft: () => push(0), ArrowRight: () => push(1), " ": play }[event.key];
    if (!act || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    if (!(event.repeat && event.key === " ")) act();
  };

  // ---- what is drawn ----

  const lane = (context, color, player, part, width, top, bottom, name) => {
    const scale = width / 5.4, ground = bottom - 30;
    const mix = (i) => player.before[i] + part * (player.state[i] - player.before[i]);
    const [cart, angle, length] = [width / 2 + mix(0) * scale, mix(2), Math.min(bottom - top - 54, scale)];
    context.lineWidth = 1;
    context.strokeStyle = color("line");
    context.beginPath();
    context.moveTo(0, ground + 12);
    context.lineTo(width, ground + 12);
    for (const side of [-1, 1]) { // where an episode ends: 2.4 m, 12 degrees
      context.moveTo(width / 2 + side * 2.4 * scale, ground - 16);
      context.lineTo(width / 2 + side * 2.4 * scale, ground + 20);
      context.moveTo(cart, ground - 10);
      context.lineTo(cart + side * length * Math.sin(Math.PI / 15), ground - 10 - length * Math.cos(Math.PI / 15));
    }
    context.stroke();
    context.fillStyle = color(player.end === "fell" ? "red" : "blue");
    context.fillRect(cart - 24, ground - 12, 48, 24);
    context.strokeStyle = color("orange");
    context.lineWidth = 8;
    context.lineCap = "round";
    context.beginPath();
    context.moveTo(cart, ground - 10);
    context.lineTo(cart + length * Math.sin(angle), ground - 10 - length * Math.cos(angle));
    context.stroke();
    if (player.action !== undefined && !player.end) { // the force of this step
      const side = player.action ? 1 : -1, from = cart + side * 28;
      context.fillStyle = color("ink");
      context.beginPath();
      context.moveTo(from + side * 14, ground);
      context.lineTo(from, ground - 8);
      context.lineTo(from, ground + 8);
      context.fill();
    }
    context.fillStyle = color("ink");
    context.font = "14px system-ui, sans-serif";
    context.textAlign = "left";
    context.textBaseline = "top";
    context.fillText(name, 4, top + 4);
  };

  const picture = canvas(230, (context, width, height, color) => {
    const middle = duel ? height / 2 : 0;
    if (duel) lane(context, color, you, shown, width, 0, middle, say(WORDS, "you"));
    lane(context, color, agent, shown, width, middle, height, say(WORDS, "agent"));
  });

  const bars = canvas(92, (context, width, height, color) => {
    const { values, action, y } = view ?? { values: q(agent.state), action: argmax(q(agent.state)) };
    const rows = [["Q(s, ←)", values[0], action === 0], ["Q(s, →)", values[1], action === 1], ["y", y, false]];
    context.font = "15px system-ui, sans-serif";
    const mark = `◀ ${say(WORDS, "greedy")}`, [start, top] = [76, 1 / (1 - Math.min(data.gamma, 0.999))];
    const end = width - 56 - context.measureText(mark).width;
    context.textBaseline = "middle";
    rows.forEach(([label, value, greedy], k) => {
      const middle = (height / 3) * (k + 0.5);
      context.fillStyle = color("ink");
      context.textAlign = "left";
      context.fillText(label, 0, middle);
      if (value === undefined) return;
      if (greedy) context.fillText(mark, end + 54, middle);
      context.textAlign = "right";
      context.fillText(value.toFixed(1), end + 46, middle);
      context.fillStyle = color(k === 2 ? "orange" : "blue");
      context.fillRect(start, middle - 8, Math.max(1, Math.min(1, value / top) * (end - start)), 16);
    });
  });

  let shown = 1, drawn = 0;
  const draw = (part) => {
    shown = over() ? 1 : part;
    picture.redraw();
    if (drawn++ % 6 === 0 || !time.playing) write(); // numbers that change 60 times a second cannot be read
  };
  const write = () => {
    bars.redraw();
    score.textContent = say(WORDS, duel ? "scores" : "score", { agent: agent.score, you: you.score, best });
    equation.textContent = !view ? "\u00a0" : view.terminal ? say(WORDS, "last")
      : fill(TARGET, { gamma: data.gamma, next: view.next.toFixed(1), y: view.y.toFixed(1) });
  };
  const describe = () => {
    const [x, , angle] = agent.state, { values, y } = view ?? { values: q(agent.state), y: NaN };
    const degrees = ((angle * 180) / Math.PI).toFixed(1);
    picture.describe(say(WORDS, "picture", { x: x.toFixed(1), angle: degrees, n: agent.score }));
    const [left, right] = values.map((value) => value.toFixed(1));
    bars.describe(say(WORDS, "bars", { left, right, y: y ? y.toFixed(1) : "–" }));
  };
  const tested = () => say(WORDS, "tested", {
    step: count(data.steps[moment]), value: Math.round(data.returns[seed][moment]), seeds,
    n: data.returns.filter((values) => values[moment] >= SOLVED).length,
  });

  const show = () => {
    playing.textContent = say(WORDS, time.playing ? "pause" : "play");
    stepping.textContent = say(WORDS, "step");
    again.textContent = say(WORDS, "again");
    ["Left", "Right"].forEach((side, i) => {
      pushes[i].textContent = say(WORDS, (duel ? "hold" : "push") + side);
      tips[i].textContent = say(WORDS, `tip${side}`);
      tips[i].hidden = duel;
    });
    training.caption.textContent = say(WORDS, "training");
    const after = say(WORDS, "after", { step: count(data.steps[moment]), all: count(data.steps.at(-1)) });
    training.output.textContent = after;
    training.input.setAttribute("aria-valuetext", after);
    who.caption.textContent = say(WORDS, "seed");
    who.name(data.seeds.map(String));
    pace.caption.textContent = say(WORDS, "speed");
    pace.name(["1×", "½×", "¼×"]);
    against.caption.textContent = say(WORDS, "duel");
    stage.setAttribute("aria-label", say(WORDS, "stage"));
    hint.textContent = say(WORDS, duel ? "duelHint" : "hint");
    result.textContent = tested();
    write();
    describe();
    draw(1);
  };

  const change = (set) => (value) => {
    set(value);
    if (over()) fresh();
    show();
  };
  const training = slider({ min: 0, max: moments - 1, step: 1, value: moment }, change((value) => (moment = value)));
  training.classList.add("rl-wide");
  const who = select(seeds, change((value) => (seed = value)));
  const pace = select(SPEEDS.length, (value) => (speed = value));
  const against = checkbox((value) => {
    duel = value;
    time.pause();
    fresh();
    show();
  });
  const playing = button(play), again = button(() => { fresh(); show(); });
  const stepping = button(() => {
    time.pause();
    if (over()) rest = 0;
    step();
    show();
  });
  const pushes = [button(() => push(0)), button(() => push(1))], tips = [button(() => tip(0)), button(() => tip(1))];
  picture.addEventListener("pointerdown", press);
  const stage = el("div", { class: "rl-stage", tabindex: 0, role: "group", keydown: key }, picture);
  const score = el("p", { class: "rl-value" }), equation = el("p", { class: "rl-value" });
  const said = el("p", { class: "rl-status" }), hint = el("p", { class: "rl-note" }), result = status();
  const time = clock(root, () => 50 * SPEEDS[speed], step, draw);
  // What plays by itself tells a screen reader nothing before its reader comes.
  root.addEventListener("focusin", () => said.setAttribute("role", "status"), { once: true });
  fresh();
  root.append(training, result, stage, row(pushes[0], tips[0], tips[1], pushes[1]), hint,
    row(playing, stepping, again, against, who, pace), score, said, bars, equation);
  if (data.play && !still()) time.play();
  return {
    show, physics, time, step, push,
    q: (state, i, k) => q(state, networkOf(i, k)),
    get state() { return { agent, you, view, duel, best, held, over: over(), seed, moment }; },
    set state(value) { agent = { state: value, before: value, score: 0, end: "" }; you = { ...agent }; },
  };
});
