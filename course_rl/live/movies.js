// The recommender of MovieRec-v0: first what is computed, tested against course_rl.movierec; then what is drawn.

// ---- what is computed ----

const FILMS = 10, SYMBOLS = FILMS + 1, NEWEST = SYMBOLS ** 4, HISTORIES = SYMBOLS ** 5;

/** What a history (5 symbols, newest first) is to a film: bit k if place k is of its group, 32 if it is in it. */
function relation(world, history, film) {
  let code = history.includes(film + 1) ? 32 : 0;
  history.forEach((symbol, k) => {
    if (symbol && world.group[symbol - 1] === world.group[film]) code |= 1 << k;
  });
  return code;
}

/** Films of the group of a film in the history after a click on it: the oldest place is forgotten. */
const ofGroup = (code) => 1 + (code & 1) + ((code >> 1) & 1) + ((code >> 2) & 1) + ((code >> 3) & 1);

/**
 * A user's next visit, each (10 * 64) by film and relation: `click` and `leave` are probabilities, `reward` is
 * expected, `ignored` and `clicked` are the probabilities that this happens and the user stays.
 */
function outlook(world, user) {
  const names = ["click", "leave", "reward", "ignored", "clicked"];
  const seen = Object.fromEntries(names.map((name) => [name, new Float64Array(FILMS * 64)]));
  const [ignoring, abandoning, finishing] = world.leave, [worst, abandoned, finished] = world.reward;
  for (let place = 0; place < FILMS * 64; place++) {
    const film = place >> 6, bored = world.boredom[ofGroup(place)];
    let less = place & 32 ? world.repetition : 0;
    for (let k = 0; k < 5; k++) less += place & (1 << k) ? world.satiation * world.fading ** k : 0;
    const click = sigmoid(user.click[film] - less), finish = sigmoid(user.like[film]);
    const stay = (1 - finish) * Math.max(0, 1 - abandoning - bored) + finish * Math.max(0, 1 - finishing - bored);
    seen.click[place] = click;
    seen.reward[place] = worst + click * (abandoned + (finished - abandoned) * finish - worst);
    seen.ignored[place] = (1 - click) * (1 - ignoring);
    seen.clicked[place] = click * stay;
    seen.leave[place] = 1 - seen.ignored[place] - seen.clicked[place];
  }
  return seen;
}

const sigmoid = (x) => 1 / (1 + Math.exp(-x));

/** A subscriber before the first visit. */
const arrival = () => ({ history: [0, 0, 0, 0, 0], visits: 0, total: 0, terminated: false, truncated: false });

/** The session after one more visit; `uniform` are three numbers in [0, 1): to click, to finish, to leave. */
function visit(world, user, seen, session, film, uniform) {
  const code = relation(world, session.history, film), [toClick, toFinish, toLeave] = uniform;
  const clicked = toClick < seen.click[film * 64 + code];
  const outcome = clicked ? (toFinish < sigmoid(user.like[film]) ? 2 : 1) : 0; // ignored, abandoned, finished
  const terminated = toLeave < world.leave[outcome] + (clicked ? world.boredom[ofGroup(code)] : 0);
  const visits = session.visits + 1, reward = world.reward[outcome];
  return {
    history: clicked ? [film + 1, ...session.history.slice(0, 4)] : session.history,
    visits, film, outcome, reward, total: session.total + reward,
    terminated, truncated: visits === world.visits && !terminated,
  };
}

/** The film network of course_rl.movierec.FilmScores: the score of every film; its layers are 32 wide. */
function filmScores(world, weights, user, history) {
  let place = 0;
  const layer = (n, m) => {
    const from = place;
    place += n * m + m;
    return (x) => forward(weights.subarray(from), [n, m], x);
  };
  const [read, alone, beside, score] = [layer(12, 32), layer(32, 32), layer(32, 32), layer(32, 1)];
  const relu = (x) => x.map((number) => Math.max(number, 0));
  const films = world.group.map((_, film) => {
    const code = relation(world, history, film);
    const sameGroup = history.map((_, k) => (code >> k) & 1);
    const sameFilm = history.map((symbol) => Number(symbol === film + 1));
    return relu(read([2 * (user.rating[film] - 3.5), world.popularity[film], ...sameGroup, ...sameFilm]));
  });
  const all = beside(films[0].map((_, k) => films.reduce((sum, film) => sum + film[k], 0) / FILMS));
  return films.map((film) => score(relu(alone(film).map((number, k) => number + all[k])))[0]);
}

/** The row of a history among all 11^5: the newest film is the highest digit. */
const rowOf = (history) => history.reduce((row, symbol) => row * SYMBOLS + symbol, 0);

/** The relation of every film to every history, (10, 11^5); a generator, to be run in slices. */
function* relations(world, codes) {
  for (let row = 0; row < HISTORIES; row++) {
    if (row % SYMBOLS ** 3 === 0) yield;
    const history = [4, 3, 2, 1, 0].map((k) => Math.floor(row / SYMBOLS ** k) % SYMBOLS);
    for (let film = 0; film < FILMS; film++) codes[film * HISTORIES + row] = relation(world, history, film);
  }
}

/**
 * Backward induction: values[t] (11^5), the best expected return of the visits from t on, visits counted from 0;
 * a generator, to be run in slices. values[visits] is 0.
 */
function* induction(world, seen, codes, values) {
  for (let t = world.visits - 1; t >= 0; t--) {
    const later = values[t + 1], value = values[t];
    for (let start = 0; start < HISTORIES; start += NEWEST) {
      yield;
      value.fill(-Infinity, start, start + NEWEST);
      for (let film = 0; film < FILMS; film++) improve(value, later, seen, codes, film, start);
    }
  }
}

/** One film for the histories with the same newest film, from row `start` on. */
function improve(value, later, seen, codes, film, start) {
  const { reward, ignored, clicked } = seen, newer = (film + 1) * NEWEST, offset = film * HISTORIES;
  for (let row = start, after = newer + start / SYMBOLS; row < start + NEWEST; after++) {
    const gain = later[after]; // the same whatever the oldest film was
    for (let oldest = 0; oldest < SYMBOLS; oldest++, row++) {
      const place = film * 64 + codes[offset + row];
      const q = reward[place] + ignored[place] * later[row] + clicked[place] * gain;
      if (q > value[row]) value[row] = q;
    }
  }
}

/** What every film is worth to the optimum at its visit t: expected return of this visit and the rest. */
function optimal(world, seen, values, t, history) {
  const row = rowOf(history), later = values[t + 1];
  return world.group.map((_, film) => {
    const place = film * 64 + relation(world, history, film);
    const after = (film + 1) * NEWEST + Math.floor(row / SYMBOLS);
    return seen.reward[place] + seen.ignored[place] * later[row] + seen.clicked[place] * later[after];
  });
}

// ---- what is said ----

const WORDS = {
  rules: [
    "You are the service. At each visit you recommend one film; it is ignored (−0.1), clicked and abandoned (+1) or watched to the end (+10). Then the subscriber stays or leaves for good. DQN and the optimum serve the same subscriber with the same luck: visit by visit, the same random numbers.",
    "由你来当推荐服务。每次访问你推荐一部影片：它被忽略（−0.1）、点击后放弃（+1），或看到结尾（+10）；然后订阅者留下，或者永远离开。DQN 和最优策略服务同一位订阅者，运气也相同：每次访问用同样的随机数。",
    "Вы — сервис. При каждом визите вы рекомендуете один фильм: он остаётся без внимания (−0.1), на него кликают и бросают его (+1) или досматривают до конца (+10). Затем подписчик остаётся или уходит навсегда. DQN и оптимум обслуживают того же подписчика при том же везении: на каждом визите те же случайные числа.",
  ],
  subscriber: ["Subscriber", "订阅者", "Подписчик"],
  user: ["{n} (user {user})", "{n}（用户 {user}）", "{n} (пользователь {user})"],
  heldOut: [
    "One of the first {n} held-out users, in order: DQN was never trained on them. Fitted taste, as predicted stars (mean of a group’s films): {groups}.",
    "按顺序取的前 {n} 位留出用户之一：DQN 从未在他们身上训练过。拟合出的口味，以预测评分表示（每组影片的平均）：{groups}。",
    "Один из первых {n} отложенных пользователей по порядку: в обучении DQN их не было. Вкус по модели, в предсказанных звёздах (среднее по фильмам группы): {groups}.",
  ],
  fresh: ["New session", "新的会话", "Новый сеанс"],
  again: ["Same luck again", "同样运气再来一次", "Ещё раз с тем же везением"],
  dqnServes: ["Serve DQN’s film", "推荐 DQN 选的影片", "Взять фильм DQN"],
  bestServes: ["Serve the optimum’s film", "推荐最优策略选的影片", "Взять фильм оптимума"],
  bars: ["Bars of the films", "影片的条形", "Полосы у фильмов"],
  chances: ["true probabilities", "真实概率", "истинные вероятности"],
  advice: ["advice: Q of DQN and optimum", "建议：DQN 与最优策略的 Q 值", "совет: Q у DQN и у оптимума"],
  none: ["none", "不显示", "не показывать"],
  chancesNote: [
    "Click and leave: the simulator’s probabilities in this state; the thin mark is where they were before the last visit. The optimum is computed from them; DQN was never told them.",
    "点击与离开：模拟器在当前状态下的概率；细线是上一次访问之前的位置。最优策略由这些概率算出；DQN 从未被告知。",
    "Клик и уход: вероятности симулятора в этом состоянии; тонкая черта — где они были до последнего визита. По ним вычислен оптимум; DQN их никогда не сообщали.",
  ],
  adviceNote: [
    "DQN: learned Q, discounted (γ = {gamma}), visits without a limit. Optimum: exact expected sum of this and the remaining visits, without discount. Each bar runs from the worst film to the best; ✓ is the choice.",
    "DQN：学到的 Q 值，有折扣（γ = {gamma}），访问次数不限。最优策略：本次及剩余访问奖励之和的精确期望，无折扣。条形从最差的影片画到最好的影片；✓ 是所选的影片。",
    "DQN: выученное Q с дисконтированием (γ = {gamma}), визиты без предела. Оптимум: точное математическое ожидание суммы этого и оставшихся визитов без дисконтирования. Полоса идёт от худшего фильма к лучшему; ✓ — выбор.",
  ],
  click: ["click", "点击", "клик"],
  leave: ["leave", "离开", "уход"],
  dqn: ["DQN", "DQN", "DQN"],
  best: ["optimum", "最优", "оптимум"],
  you: ["you", "你", "вы"],
  who: ["who", "谁", "кто"],
  total: ["return", "回报", "доход"],
  expected: ["expected", "期望", "ожид."],
  mean: ["{x} (mean of {n})", "{x}（{n} 次平均）", "{x} (средн. из {n})"],
  last: ["last visit", "最近一次访问", "последний визит"],
  computing: ["computing …", "计算中……", "вычисляется…"],
  nothing: ["none yet", "还没有", "ещё не было"],
  ignored: ["ignored", "被忽略", "без внимания"],
  abandoned: ["clicked, abandoned", "点击后放弃", "клик, брошен"],
  finished: ["watched to the end", "看到结尾", "досмотрен до конца"],
  told: [": {outcome}; {state}", "：{outcome}；{state}", ": {outcome}; {state}"],
  list: [", ", "、", ", "],
  here: ["still there", "仍在", "остаётся"],
  gone: ["left at visit {n}", "第 {n} 次访问后离开", "ушёл на визите {n}"],
  used: ["all {n} visits used", "{n} 次访问已用完", "все {n} визитов прошли"],
  history: [
    "Last five films clicked, newest first",
    "最近点击的五部影片，新的在前",
    "Последние пять фильмов с кликом, новые впереди",
  ],
  empty: ["empty", "空", "пусто"],
  inFive: ["{n} of the last five", "最近五部中有 {n} 部", "{n} из последних пяти"],
  films: [
    "Films: recommend one (keys 1 to 9 and 0)",
    "影片：推荐一部（数字键 1 至 9 和 0）",
    "Фильмы: выберите один (клавиши 1–9 и 0)",
  ],
  visit: [
    "Visit {n}: {film}, {outcome}, {reward}. {state}",
    "第 {n} 次访问：{film}，{outcome}，{reward}。{state}",
    "Визит {n}: {film} — {outcome}, {reward}. {state}",
  ],
  stays: ["The subscriber stays.", "订阅者留下。", "Подписчик остаётся."],
  leaves: [
    "The subscriber leaves (terminated). Return: you {you}, DQN {dqn}, optimum {best}.",
    "订阅者离开（终止）。回报：你 {you}，DQN {dqn}，最优 {best}。",
    "Подписчик уходит (завершение). Доход: вы {you}, DQN {dqn}, оптимум {best}.",
  ],
  cut: [
    "The {visits} visits are used up (truncated). Return: you {you}, DQN {dqn}, optimum {best}.",
    "{visits} 次访问已用完（截断）。回报：你 {you}，DQN {dqn}，最优 {best}。",
    "Все {visits} визитов прошли (усечение). Доход: вы {you}, DQN {dqn}, оптимум {best}.",
  ],
  chart: [
    "Running return over the visits: you {you}, DQN {dqn}, optimum {best}",
    "累计回报随访问次数的变化：你 {you}，DQN {dqn}，最优 {best}",
    "Накопленный доход по визитам: вы {you}, DQN {dqn}, оптимум {best}",
  ],
  axis: ["visit", "访问", "визит"],
  terms: [
    "Tastes fitted to the MovieLens ratings (Harper and Konstan, 2015), for research and teaching, not for commercial use; clicking, boredom and leaving are assumptions.",
    "口味由 MovieLens 评分（Harper 与 Konstan，2015）拟合，仅供研究与教学，不得用于商业；点击、厌倦与离开是假设。",
    "Вкусы подобраны по оценкам MovieLens (Harper и Konstan, 2015) — для исследований и обучения, не для коммерции; клики, скука и уход — предположения.",
  ],
};

const GROUPS = {
  "Animation/Family": ["Animation/Family", "动画/家庭", "Анимация/семейное"],
  "SciFi/Fantasy": ["SciFi/Fantasy", "科幻/奇幻", "Фантастика/фэнтези"],
  "Crime/Thriller": ["Crime/Thriller", "犯罪/惊悚", "Криминал/триллер"],
  "Comedy": ["Comedy", "喜剧", "Комедия"],
};

// ---- what is drawn ----

const MARKS = ["●", "▲", "■", "◆"], INKS = ["blue", "orange", "green", "red"]; // of the groups, in order
const PLAYERS = ["you", "dqn", "best"];

const signed = (number) => (number < 0 ? "−" : "") + Math.abs(number).toFixed(1);
const percent = (share) => `${Math.round(100 * share)} %`;
const over = (session) => session.terminated || session.truncated;

/** Run a generator in slices of 8 ms, between which the page answers, as long as `going()`. */
async function inSlices(steps, going) {
  let end = performance.now() + 8;
  while (going() && !steps.next().done) {
    if (performance.now() < end) continue;
    await new Promise((resolve) => setTimeout(resolve));
    end = performance.now() + 8;
  }
}

/** The coloured mark of a group, beside which its name or one of its films stands. */
function mark(group) {
  const style = `color: var(--rl-${INKS[group]})`;
  return el("span", { class: "mv-mark", "aria-hidden": "true", style }, MARKS[group]);
}

/** A horizontal bar; bar.set(caption, share from 0 to 1, number, and the share before the last visit). */
function bar() {
  const [caption, fill, before, number] = ["caption", "fill", "before", "number"]
    .map((part) => el("span", { class: `mv-${part}` }));
  const made = el("span", { class: "mv-bar" }, caption, el("span", { class: "mv-track" }, fill, before), number);
  made.set = (text, share, shown, earlier) => {
    caption.textContent = text;
    number.textContent = shown;
    fill.style.width = `${100 * share}%`;
    before.hidden = earlier === undefined;
    before.style.left = `${100 * earlier}%`;
  };
  return made;
}

/** Running returns of the three, by visits; they carry their names and differ in their dashes too. */
function drawReturns(context, width, height, color, totals, visits) {
  const names = PLAYERS.map((word) => say(WORDS, word));
  const top = Math.max(20, ...totals.flat()), low = Math.min(0, ...totals.flat());
  context.font = "13px system-ui, sans-serif";
  const left = 28, right = width - 8 - Math.max(...names.map((text) => context.measureText(text).width));
  const x = (n) => left + ((right - 12 - left) * n) / visits;
  const y = (total) => height - 20 - ((height - 30) * (total - low)) / (top - low);
  context.fillStyle = color("muted");
  context.strokeStyle = color("line");
  context.lineWidth = 1;
  context.beginPath();
  context.moveTo(left, y(0));
  context.lineTo(x(visits), y(0));
  context.stroke();
  context.textAlign = "right";
  context.fillText("0", left - 5, y(0) + 4);
  context.fillText(Math.round(top), left - 5, y(top) + 4);
  for (const n of [10, 20, 30, 40]) if (width >= 450 || n % 20 === 0) context.fillText(n, x(n) + 6, height - 3);
  context.textAlign = "left";
  context.fillText(say(WORDS, "axis"), left, height - 3);

  const ends = totals.map((path, who) => ({ who, at: y(path.at(-1)) })).sort((a, b) => a.at - b.at);
  ends.forEach((end, k) => (end.at = Math.max(end.at, k ? ends[k - 1].at + 14 : 10))); // names do not overlap
  const below = Math.max(0, ends[2].at - (height - 8));
  for (const { who, at } of ends) {
    context.strokeStyle = context.fillStyle = color(["red", "blue", "ink"][who]);
    context.lineWidth = 2;
    context.setLineDash([[], [7, 4], [2, 3]][who]);
    context.beginPath();
    totals[who].forEach((total, n) => context.lineTo(x(n), y(total)));
    context.stroke();
    context.setLineDash([]);
    context.beginPath();
    context.arc(x(totals[who].length - 1), y(totals[who].at(-1)), 3, 0, 2 * Math.PI);
    context.fill();
    context.fillText(names[who], right, at - below + 4);
  }
}

/**
 * The reader, DQN and the optimum serve the same subscriber. data: {world, users: [{id, dqn: expected return of the
 * network, click, like, rating}], short: titles, groups, weights: base64 of one FilmScores, rewardScale, gamma}.
 * The values of the optimum are computed here, once the agent is in view.
 */
start("movies", (root, data) => {
  const { world, users } = data, weights = decode(data.weights);
  const codes = new Uint8Array(FILMS * HISTORIES), values = [];
  let user, seen, luck, fresh, related, ready = false, task = 0, shown = 0; // bars: 0 chances, 1 advice, 2 none
  let paths = PLAYERS.map(() => [arrival()]); // of each player: the session after 0, 1, 2, ... visits
  let ended = { n: 0, sum: 0 }; // sessions of the reader with this user, each luck counted once
  const inView = new Promise((resolve) => new IntersectionObserver(([entry]) => entry.isIntersecting && resolve())
    .observe(root));

  const last = (who) => paths[who].at(-1);
  const q = [
    null,
    (session) => filmScores(world, weights, user, session.history).map((score) => score / data.rewardScale),
    (session) => optimal(world, seen, values, session.visits, session.history),
  ];
  const go = (who, film) => paths[who].push(visit(world, user, seen, last(who), film, luck[last(who).visits]));

  /** DQN and the optimum make as many visits as the reader, or all that are left if the reader's have ended. */
  const follow = () => {
    for (const who of ready ? [1, 2] : [1]) {
      while (!over(last(who)) && (over(last(0)) || last(who).visits < last(0).visits)) {
        go(who, argmax(q[who](last(who))));
      }
    }
  };
  const serve = (film) => {
    if (over(last(0))) return;
    go(0, film);
    follow();
    if (over(last(0)) && fresh) ended = { n: ended.n + 1, sum: ended.sum + last(0).total };
    show();
  };
  const begin = (uniforms) => {
    fresh = uniforms !== luck;
    luck = uniforms;
    paths = PLAYERS.map(() => [arrival()]);
    show();
  };
  const draw = () => Array.from({ length: world.visits }, () => [Math.random(), Math.random(), Math.random()]);

  /** Compute the optimum of this user, unless the reader turns to another meanwhile. */
  const plan = async () => {
    const mine = ++task, going = () => mine === task;
    ready = false;
    await inView;
    related ??= inSlices(relations(world, codes), () => true);
    await related;
    while (values.length <= world.visits) values.push(new Float32Array(HISTORIES));
    await inSlices(induction(world, seen, codes, values), going);
    if (!going()) return;
    ready = true;
    follow();
    show();
  };
  const come = (index) => {
    user = users[index];
    seen = outlook(world, user);
    ended = { n: 0, sum: 0 };
    agent.planned = plan();
    begin(draw());
  };

  const [rules, pastTitle] = [el("p"), el("p")], said = status();
  const [taste, note, terms] = [0, 1, 2].map(() => el("p", { class: "rl-note" }));
  const subscriber = select(users.length, come), bars = select(3, (index) => { shown = index; show(); });
  const newSession = button(() => begin(draw())), sameLuck = button(() => begin(luck));
  const helpers = [1, 2].map((who) => button(() => serve(argmax(q[who](last(0))))));
  const name = (film) => el("span", { lang: "en" }, data.short[film]);
  const films = world.group.map((_, film) => {
    const rows = [bar(), bar()], stars = el("span", { class: "mv-stars" }), made = button(() => serve(film));
    const key = el("span", { class: "mv-key", "aria-hidden": "true" }, (film + 1) % 10);
    made.append(el("span", { class: "mv-title" }, key, name(film), stars), el("span", { class: "mv-bars" }, ...rows));
    return Object.assign(made, { rows, stars });
  });
  const columns = data.groups.map((_, group) => {
    const heading = el("p"), made = el("div", { role: "group", class: "mv-group" }, heading);
    made.append(...films.filter((_, film) => world.group[film] === group));
    return Object.assign(made, { heading });
  });
  const key = (event) => {
    if (!/^\d$/.test(event.key) || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    serve((Number(event.key) + 9) % 10);
  };
  const stage = el("div", { class: "mv-films", role: "group", tabindex: 0, keydown: key }, ...columns);
  const past = el("ol", { class: "mv-past" });
  const heads = ["who", "total", "expected", "last"].map((word) => Object.assign(el("th", { scope: "col" }), { word }));
  const lines = PLAYERS.map(() => [el("th", { scope: "row" }), el("td"), el("td"), el("td")]);
  const board = el("table", { class: "mv-board" }, el("thead", {}, el("tr", {}, ...heads)),
    el("tbody", {}, ...lines.map((cells) => el("tr", {}, ...cells))));
  const chart = canvas(130, (context, width, height, color) => {
    const totals = paths.map((path) => path.map((session) => session.total));
    drawReturns(context, width, height, color, totals, world.visits);
  });

  const returns = () => {
    const [you, dqn, best] = PLAYERS.map((_, who) => (who === 2 && !ready ? "…" : signed(last(who).total)));
    return { you, dqn, best, visits: world.visits };
  };
  const outcome = (session) => say(WORDS, ["ignored", "abandoned", "finished"][session.outcome]);
  const showFilms = () => {
    const session = last(0), before = paths[0].at(-2);
    const advice = [1, 2].map((who) => !over(session) && (who === 1 || ready) && q[who](session));
    films.forEach((made, film) => {
      const place = (of) => film * 64 + relation(world, of.history, film);
      made.stars.textContent = `★ ${user.rating[film].toFixed(1)}`;
      made.setAttribute("aria-disabled", over(session));
      made.classList.toggle("mv-last", session.film === film);
      made.rows.forEach((line, k) => {
        line.hidden = shown === 2 || (shown === 1 && !advice[k]);
        if (shown === 0) {
          const chance = seen[["click", "leave"][k]], share = chance[place(session)];
          line.set(say(WORDS, ["click", "leave"][k]), share, percent(share), before && chance[place(before)]);
        } else if (advice[k]) {
          const worst = Math.min(...advice[k]), share = (advice[k][film] - worst) / (Math.max(...advice[k]) - worst);
          const chosen = argmax(advice[k]) === film ? "✓ " : "";
          line.set(chosen + say(WORDS, PLAYERS[k + 1]), share, signed(advice[k][film]));
        }
      });
    });
    columns.forEach((column, group) => {
      const n = session.history.filter((symbol) => symbol && world.group[symbol - 1] === group).length;
      const title = say(GROUPS, data.groups[group]);
      column.setAttribute("aria-label", title);
      column.heading.replaceChildren(mark(group), el("b", {}, title), el("br"), say(WORDS, "inFive", { n }));
    });
    past.replaceChildren(...session.history.map((symbol) => el("li", {},
      ...(symbol ? [mark(world.group[symbol - 1]), name(symbol - 1)] : [say(WORDS, "empty")]))));
  };
  const showBoard = () => {
    heads.forEach((head) => (head.textContent = say(WORDS, head.word)));
    const mean = ended.n ? say(WORDS, "mean", { n: ended.n, x: signed(ended.sum / ended.n) }) : "–";
    const expected = [mean, signed(user.dqn), ready ? signed(values[0][0]) : "…"], { you, dqn, best } = returns();
    lines.forEach((cells, who) => {
      const session = last(who), { visits: n } = session;
      cells[0].textContent = say(WORDS, PLAYERS[who]);
      cells[1].textContent = [you, dqn, best][who];
      cells[2].textContent = expected[who];
      if (who === 2 && !ready) cells[3].textContent = say(WORDS, "computing");
      else if (!n) cells[3].textContent = say(WORDS, "nothing");
      else {
        const state = say(WORDS, session.terminated ? "gone" : session.truncated ? "used" : "here", { n });
        const told = say(WORDS, "told", { outcome: outcome(session), state });
        cells[3].replaceChildren(mark(world.group[session.film]), name(session.film), told);
      }
    });
    chart.describe(say(WORDS, "chart", returns()));
    chart.redraw();
  };
  const showWords = () => {
    const words = [[rules, "rules"], [terms, "terms"], [pastTitle, "history"], [newSession, "fresh"],
      [sameLuck, "again"], [helpers[0], "dqnServes"], [helpers[1], "bestServes"],
      [subscriber.caption, "subscriber"], [bars.caption, "bars"]];
    for (const [made, word] of words) made.textContent = say(WORDS, word);
    subscriber.name(users.map(({ id }, k) => say(WORDS, "user", { n: k + 1, user: id })));
    bars.name(["chances", "advice", "none"].map((word) => say(WORDS, word)));
    stage.setAttribute("aria-label", say(WORDS, "films"));
    note.textContent = shown < 2 ? say(WORDS, ["chancesNote", "adviceNote"][shown], { gamma: data.gamma }) : "";
    const liked = data.groups.map((group, k) => {
      const ratings = user.rating.filter((_, film) => world.group[film] === k);
      return { group, mean: ratings.reduce((sum, rating) => sum + rating) / ratings.length };
    }).sort((a, b) => b.mean - a.mean);
    const groups = liked.map(({ group, mean }) => `${say(GROUPS, group)} ${mean.toFixed(1)}`);
    taste.textContent = say(WORDS, "heldOut", { n: users.length, groups: groups.join(say(WORDS, "list")) });
  };
  const showSaid = () => {
    const session = last(0), { visits: n, film } = session;
    const state = say(WORDS, session.terminated ? "leaves" : session.truncated ? "cut" : "stays", returns());
    const reward = (session.reward > 0 ? "+" : "−") + Math.abs(session.reward);
    said.textContent = n ? say(WORDS, "visit", { n, film: data.short[film], outcome: outcome(session), reward, state })
      : say(WORDS, "films");
  };
  const show = () => {
    showWords();
    showFilms();
    showBoard();
    showSaid();
    helpers.forEach((made, k) => (made.disabled = over(last(0)) || (k === 1 && !ready)));
    sameLuck.disabled = !last(0).visits;
  };

  root.append(rules, row(subscriber, bars), taste, note, pastTitle, past, said, stage,
    row(...helpers), row(newSession, sameLuck), board, chart, terms);
  const agent = { show, serve, begin, come, q, values, get paths() { return paths; }, get seen() { return seen; } };
  come(0);
  return agent;
});
