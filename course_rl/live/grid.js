// Q-learning with a table on a frozen lake: to see at moments of training, to go on learning one step at a time.

const WORDS = {
  training: ["Begin from", "从这一刻开始", "Начать с момента"],
  tested: ["A table from {step} steps of training: its greedy policy reached the goal in {value} % of its test episodes.",
    "训练 {step} 步后的表格：其贪心策略在 {value} % 的测试回合中到达目标。",
    "Таблица после {step} шагов обучения: её жадная стратегия дошла до цели в {value} % тестовых эпизодов."],
  zeros: ["A table of zeros: nothing is known yet, and all ties are broken at random.", "全零的表格：一无所知，平局时随机选择。",
    "Таблица нулей: ничего ещё не известно, среди равных выбор случаен."],
  learned: ["Steps here: {n}; episodes at the goal: {goals} of {episodes}. Largest error of the table {error}; max Q at the start {start}, optimum {best}.",
    "在这里又学了 {n} 步，{episodes} 个回合中有 {goals} 个到达目标。表格最大误差 {error}；起点的 max Q 为 {start}，最优值为 {best}。",
    "Шагов здесь: {n}; эпизодов у цели: {goals} из {episodes}. Наибольшая ошибка таблицы {error}; max Q на старте {start}, оптимум {best}."],
  speed: ["Steps per second", "每秒步数", "Шагов в секунду"],
  epsilon: ["ε, how often it explores", "ε，探索的频率", "ε, как часто исследует"],
  alpha: ["α, how far a step goes", "α，每步走多远", "α, размер шага"],
  many: ["1,000 steps", "1000 步", "1000 шагов"],
  reset: ["Reset", "重置", "Сбросить"],
  ready: ["The agent stands in cell {s}. Press Step: one transition, one update.", "智能体在格子 {s}。按“单步”：一次转移，一次更新。",
    "Агент в клетке {s}. Нажмите «Шаг»: один переход, одно обновление."],
  random: ["u = {u} < ε = {epsilon}: a random action, {a}.", "u = {u} < ε = {epsilon}：随机动作 {a}。", "u = {u} < ε = {epsilon}: случайное действие, {a}."],
  greedy: ["u = {u} ≥ ε = {epsilon}: a greedy action, {a}.", "u = {u} ≥ ε = {epsilon}：贪心动作 {a}。", "u = {u} ≥ ε = {epsilon}: жадное действие, {a}."],
  tie: ["u = {u} ≥ ε = {epsilon}: a greedy action, {a}, drawn from {n} equally good ones.",
    "u = {u} ≥ ε = {epsilon}：贪心动作 {a}，从 {n} 个同样好的动作中抽取。",
    "u = {u} ≥ ε = {epsilon}: жадное действие, {a}, по жребию из {n} равных."],
  moved: ["(s, a, r, s′) = ({s}, {a}, {r}, {next}).", "(s, a, r, s′) = ({s}, {a}, {r}, {next})。", "(s, a, r, s′) = ({s}, {a}, {r}, {next})."],
  slipped: ["It slipped.", "打滑了。", "Поскользнулся."],
  hole: ["A hole: terminated, so nothing follows and the target is r.", "掉进冰洞：终止，之后没有回报，目标值就是 r。", "Прорубь: терминальное состояние, дальше ничего нет, целевое значение равно r."],
  goal: ["The goal: terminated, so nothing follows and the target is r.", "到达目标：终止，之后没有回报，目标值就是 r。", "Цель достигнута: состояние терминально, дальше ничего нет, целевое значение равно r."],
  limit: ["The time limit ends the episode; s′ is not terminal, so its value still counts.", "时间上限结束了回合；s′ 并非终止状态，它的价值照样计入。",
    "Эпизод прерван по времени; s′ не терминально, и его ценность учитывается."],
  parts: ["old value {old}, target {y}, step {alpha}, new value {now}", "旧值 {old}，目标值 {y}，步长 {alpha}，新值 {now}", "старое значение {old}, целевое значение {y}, шаг {alpha}, новое значение {now}"],
  left: ["left", "左", "влево"],
  down: ["down", "下", "вниз"],
  right: ["right", "右", "вправо"],
  up: ["up", "上", "вверх"],
  best: ["greedy", "贪心", "жадное"],
  map: ["Map of {rows} by {columns} cells. The agent is in cell {s}. Greedy arrows and values, row by row: {cells}.",
    "{rows} 乘 {columns} 的地图。智能体在格子 {s}。逐行的贪心箭头与价值：{cells}。",
    "Карта {rows} на {columns}. Агент в клетке {s}. Жадные стрелки и ценности по строкам: {cells}."],
};

const RULE = "Q({s}, {a}) ← {old} + {alpha} · ({r} + {gamma} · {max} − {old}) = {now}";
const LAST_RULE = "Q({s}, {a}) ← {old} + {alpha} · ({r} − {old}) = {now}";
const ARROWS = ["←", "↓", "→", "↑"];
const ACTIONS = ["left", "down", "right", "up"];
const SPEEDS = [2, 8, 50];
const CELL = 100; // units of the drawing

/** An element of SVG. */
function svg(tag, attributes = {}, ...children) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

start("grid", (root, data) => {
  const cells = data.lake.join(""), [rows, columns, n] = [data.lake.length, data.lake[0].length, cells.length];
  const actions = ARROWS.length, [seeds, moments] = [data.seeds.length, data.steps.length], probe = decode(data.probe);
  const optimum = Math.max(...data.optimum[0]);
  let seed = 0, moment = 0, speed = 0, epsilon = data.epsilon, alpha = data.stepSize;
  let q, state, age, last, steps, episodes, goals;

  // ---- what is computed ----

  const best = (values) => {
    const top = Math.max(...values);
    return values.map((value, a) => (value === top ? a : -1)).filter((a) => a >= 0);
  };
  /** An ε-greedy action of state s; u: numbers from [0, 1): explore?, which action, and one per action for ties. */
  const choose = (s, u) => {
    const explore = u[0] < epsilon, ties = best(q[s]);
    const drawn = ties.reduce((a, b) => (u[2 + b] > u[2 + a] ? b : a));
    return { explore, ties: ties.length, action: explore ? Math.floor(u[1] * actions) : drawn };
  };
  /** Where action a leads from s; u from [0, 1) draws among the outcomes. */
  const move = (s, a, u) => {
    const outcome = data.cumulative[s][a].slice(0, -1).filter((share) => u >= share).length;
    const [reward, next, terminated] = [data.reward, data.nextState, data.terminated].map((x) => x[s][a][outcome]);
    return { reward, next, terminated };
  };
  /** Watkins' rule for one transition. */
  const learn = (s, a, { reward, next, terminated }) => {
    const [old, max] = [q[s][a], Math.max(...q[next])], y = reward + (terminated ? 0 : data.gamma * max);
    q[s][a] += alpha * (y - old);
    return { old, max, y, now: q[s][a] };
  };
  const begin = (u) => {
    state = Math.max(0, data.initial.findIndex((share) => u < share));
    age = 0;
  };

  const reset = () => {
    const from = (seed * moments + moment) * n * actions;
    q = Array.from({ length: n }, (_, s) => [...probe.subarray(from + s * actions, from + (s + 1) * actions)]);
    [steps, episodes, goals, last] = [0, 0, 0, undefined];
    begin(Math.random());
  };
  /** One transition and one update; u as in `choose`, then one for where the move leads and one for the next start. */
  const step = (u = Array.from({ length: actions + 4 }, Math.random)) => {
    const s = state, chosen = choose(s, u), after = move(s, chosen.action, u[2 + actions]);
    age += 1;
    steps += 1;
    const truncated = !after.terminated && age === data.limit;
    last = { s, u: u[0], epsilon, alpha, ...chosen, ...after, truncated, ...learn(s, chosen.action, after) };
    state = after.next;
    if (!after.terminated && !truncated) return;
    episodes += 1;
    goals += cells[after.next] === "G";
    begin(u[3 + actions]);
  };

  // ---- what is drawn ----

  const map = svg("svg", { viewBox: `0 0 ${columns * CELL} ${rows * CELL}`, role: "img", class: "rl-map" });
  const drawn = [...cells].map((letter, s) => {
    const [x, y] = [(s % columns) * CELL, Math.floor(s / columns) * CELL];
    const ground = svg("rect", { x, y, width: CELL, height: CELL, stroke: "var(--rl-line)" });
    const number = svg("text", { x: x + 7, y: y + 19, "font-size": 15, fill: "var(--rl-ink)" });
    const middle = { x: x + CELL / 2, "text-anchor": "middle", fill: "var(--rl-ink)" };
    const arrow = svg("text", { ...middle, y: y + 56 }), value = svg("text", { ...middle, y: y + 88, "font-size": 22 });
    number.textContent = letter === "S" ? `${s} S` : s;
    map.append(ground, number, arrow, value);
    return { ground, arrow, value };
  });
  const walker = svg("circle", { r: 13, class: "rl-walker" }); // the agent
  const came = svg("rect", { width: CELL - 8, height: CELL - 8, class: "rl-came" }); // where it acted last
  map.append(came, walker);

  const arrows = (s) => (best(q[s]).length === actions ? "·" : best(q[s]).map((a) => ARROWS[a]).join(""));
  const corner = (s, x, y) => `translate(${(s % columns) * CELL + x}px, ${Math.floor(s / columns) * CELL + y}px)`;
  const draw = () => {
    drawn.forEach(({ ground, arrow, value }, s) => {
      const final = "HG".includes(cells[s]), max = Math.max(...q[s]);
      ground.style.fill = final ? "var(--rl-surface)" : `rgba(var(--rl-tint), ${0.4 * Math.max(0, Math.min(1, max))})`;
      arrow.textContent = final ? cells[s] : arrows(s);
      arrow.setAttribute("font-size", !final && best(q[s]).length > 2 && arrows(s) !== "·" ? 26 : 40);
      value.textContent = final ? "" : max.toFixed(3);
    });
    const at = last && (last.terminated || last.truncated) ? last.next : state;
    walker.style.transform = corner(at, CELL - 22, 22);
    came.style.transform = corner(last?.s ?? state, 4, 4);
    table();
    explain();
  };

  const table = () => {
    const s = last?.s ?? state, ties = best(q[s]);
    head[0].textContent = `s = ${s}`;
    entries.forEach(([name, value, exact, mark], a) => {
      name.textContent = `${ARROWS[a]} ${say(WORDS, ACTIONS[a])}`;
      value.textContent = q[s][a].toFixed(4);
      value.className = last?.action === a ? "rl-changed" : "";
      exact.textContent = data.optimum[s][a].toFixed(4);
      mark.textContent = ties.includes(a) ? `◀ ${say(WORDS, "best")}` : "";
    });
  };

  const explain = () => {
    const round = (x) => x.toFixed(4), a = last && ARROWS[last.action];
    if (!last) {
      how.textContent = say(WORDS, "ready", { s: state });
      [happened, rule, parts].forEach((part) => (part.textContent = "\u00a0"));
    } else {
      const why = last.explore ? "random" : last.ties > 1 ? "tie" : "greedy";
      how.textContent = say(WORDS, why, { u: last.u.toFixed(2), epsilon: last.epsilon.toFixed(2), a, n: last.ties });
      const said = [say(WORDS, "moved", { s: last.s, a, r: last.reward, next: last.next })];
      if (meantCell(last.s, last.action) !== last.next) said.push(say(WORDS, "slipped"));
      if (last.terminated) said.push(say(WORDS, cells[last.next] === "G" ? "goal" : "hole"));
      if (last.truncated) said.push(say(WORDS, "limit"));
      happened.textContent = said.join(" ");
      const numbers = { s: last.s, a, r: last.reward, alpha: last.alpha.toFixed(2), gamma: data.gamma,
        old: round(last.old), max: round(last.max), now: round(last.now), y: round(last.y) };
      rule.textContent = fill(last.terminated ? LAST_RULE : RULE, numbers);
      parts.textContent = say(WORDS, "parts", numbers);
    }
    const error = Math.max(...q.flatMap((values, s) => values.map((value, a) => Math.abs(value - data.optimum[s][a]))));
    progress.textContent = say(WORDS, "learned", { n: count(steps), goals, episodes, error: error.toFixed(3),
      start: Math.max(...q[0]).toFixed(3), best: optimum.toFixed(3) });
  };
  /** Where the action would lead without slipping. */
  const meantCell = (s, a) => {
    const [x, y] = [s % columns, Math.floor(s / columns)];
    const to = [[x - 1, y], [x, y + 1], [x + 1, y], [x, y - 1]][a];
    return Math.max(0, Math.min(rows - 1, to[1])) * columns + Math.max(0, Math.min(columns - 1, to[0]));
  };
  const describe = () => {
    const value = (s) => `${arrows(s)} ${Math.max(...q[s]).toFixed(2)}`;
    const said = [...cells].map((letter, s) => ("HG".includes(letter) ? letter : value(s)));
    map.setAttribute("aria-label", say(WORDS, "map", { rows, columns, s: state, cells: said.join(", ") }));
  };

  const show = () => {
    lesson.setAttribute("aria-live", time.playing ? "off" : "polite"); // a step is told if the reader made it
    playing.textContent = say(WORDS, time.playing ? "pause" : "play");
    stepping.textContent = say(WORDS, "step");
    many.textContent = say(WORDS, "many");
    resetting.textContent = say(WORDS, "reset");
    training.caption.textContent = say(WORDS, "training");
    const after = say(WORDS, "after", { step: count(data.steps[moment]), all: count(data.steps.at(-1)) });
    training.output.textContent = after;
    training.input.setAttribute("aria-valuetext", after);
    who.caption.textContent = say(WORDS, "seed");
    who.name(data.seeds.map(String));
    pace.caption.textContent = say(WORDS, "speed");
    pace.name(SPEEDS.map(String));
    exploring.caption.textContent = say(WORDS, "epsilon");
    exploring.output.textContent = epsilon.toFixed(2);
    sizing.caption.textContent = say(WORDS, "alpha");
    sizing.output.textContent = alpha.toFixed(2);
    result.textContent = moment === 0 ? say(WORDS, "zeros") : say(WORDS, "tested",
      { step: count(data.steps[moment]), value: Math.round(100 * data.returns[seed][moment - 1]) });
    describe();
    draw();
  };

  const again = () => {
    time.pause();
    reset();
    show();
  };
  const training = slider({ min: 0, max: moments - 1, step: 1, value: moment }, (value) => {
    moment = value;
    again();
  });
  training.classList.add("rl-wide");
  const who = select(seeds, (value) => { seed = value; again(); });
  const pace = select(SPEEDS.length, (value) => (speed = value));
  const exploring = slider({ min: 0, max: 1, step: 0.05, value: epsilon }, (value) => { epsilon = value; show(); });
  const sizing = slider({ min: 0.05, max: 1, step: 0.05, value: alpha }, (value) => { alpha = value; show(); });
  const playing = button(() => {
    if (time.playing) time.pause();
    else time.play();
    show();
  });
  const stepping = button(() => { time.pause(); step(); show(); });
  const many = button(() => { for (let i = 0; i < 1000; i++) step(); show(); });
  const resetting = button(again);
  const head = [...["", "Q", "Q*"].map((name) => el("th", { scope: "col" }, name)), el("td")];
  const entries = ACTIONS.map(() => [el("th", { scope: "row" }), el("td"), el("td"), el("td")]);
  const how = el("p"), happened = el("p"), lesson = el("div", {}, how, happened), result = status();
  const rule = el("p", { class: "rl-rule" }), parts = el("p", { class: "rl-note" }), progress = el("p", { class: "rl-note" });
  const values = el("table", {}, el("thead", {}, el("tr", {}, ...head)),
    el("tbody", {}, ...entries.map((entry) => el("tr", {}, ...entry))));
  let stale = false;
  const time = clock(root, () => SPEEDS[speed], () => { step(); stale = true; }, () => {
    if (stale) draw();
    stale = false;
  });

  reset();
  root.append(training, result, el("div", { class: "rl-sides" }, map, el("div", {}, values, lesson)), rule, parts,
    row(playing, stepping, many, resetting, pace, who), row(exploring, sizing), progress);
  return {
    show, step, choose, move, learn, time,
    get state() { return { state, age, last, q, steps, episodes, goals, seed, moment, epsilon, alpha }; },
    set state(value) { ({ q = q, state = state, epsilon = epsilon, alpha = alpha, age = age } = value); },
  };
});
