// The frame of the agents that play in a page; the piece of one agent follows it in the same module.
//
// A piece ends with start("name", make). For each <div class="rl-live" data-agent="name"> of the page,
// make(root, data) appends its elements to root and returns the agent: an object with show(), which writes every
// word and draws. show() is called once at the start and again whenever the language or the theme changes. The agent
// is kept as root.agent, so what else it offers (step, q, state) can be tested.
//
//   const WORDS = { reset: ["New episode", "新回合", "Новый эпизод"], score: ["Steps: {n}", "步数：{n}", "Шагов: {n}"] };
//   start("counter", (root, data) => {
//     let n = 0;
//     const time = clock(root, () => 50, () => { n += 1; score.textContent = say(WORDS, "score", { n }); }, () => {});
//     const reset = button(() => { n = 0; show(); }), score = el("output");
//     const show = () => { reset.textContent = say(WORDS, "reset"); score.textContent = say(WORDS, "score", { n }); };
//     root.append(row(reset, score));
//     if (!still()) time.play();
//     return { show };
//   });

const LANGUAGES = ["en", "zh", "ru"];
const TAGS = ["en", "zh-CN", "ru"]; // the same as values of the attribute `lang`

/** 0, 1 or 2: the language of the page's tabs; where none was chosen English in the book, else the browser's. */
function language() {
  let chosen = null;
  try {
    chosen = localStorage.getItem("sphinx-design-tab-id-lang");
  } catch { /* a page in a sandbox has no storage */ }
  if (!chosen && typeof DOCUMENTATION_OPTIONS === "undefined") chosen = navigator.language.slice(0, 2);
  return Math.max(0, LANGUAGES.indexOf(chosen));
}

/** The text with each {name} replaced by values.name. */
function fill(text, values) {
  return text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

const COMMON = { // what more than one agent says
  after: ["{step} of {all} steps", "第 {step} 步，共 {all} 步", "{step} из {all} шагов"],
  seed: ["Seed", "随机种子", "Зерно"],
  play: ["Play", "播放", "Пуск"],
  pause: ["Pause", "暂停", "Пауза"],
  step: ["Step", "单步", "Шаг"],
};

/** words[key], or a word that agents share, in the reader's language, filled in. */
function say(words, key, values = {}) {
  return fill((words[key] ?? COMMON[key])[language()], values);
}

/** A number in the reader's language: 20,000 or 20 000. */
function count(number) {
  return number.toLocaleString(TAGS[language()]);
}

/** Little-endian float32 numbers from base64 text. */
function decode(text) {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  return new Float32Array(bytes.buffer);
}

/** Linear layers with ReLU between them; `weights`: each layer's matrix (out, in), then its bias (out). */
function forward(weights, sizes, input) {
  let x = input, place = 0;
  for (let layer = 1; layer < sizes.length; layer++) {
    const [n, m] = [sizes[layer - 1], sizes[layer]], bias = place + n * m, y = new Array(m);
    for (let j = 0; j < m; j++) {
      let sum = weights[bias + j];
      for (let i = 0; i < n; i++) sum += weights[place + j * n + i] * x[i];
      y[j] = layer < sizes.length - 1 ? Math.max(sum, 0) : sum;
    }
    x = y;
    place = bias + m;
  }
  return x;
}

/** The first place of the largest number. */
function argmax(x) {
  return x.indexOf(Math.max(...x));
}

/** An element with attributes (functions become listeners, false leaves one out) and children. */
function el(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") made.addEventListener(name, value);
    else if (value !== false) made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
}

/** Elements beside each other, in more lines where the page is narrow. */
function row(...children) {
  return el("div", { class: "rl-row" }, ...children);
}

/** A button; its words are set in show(). */
function button(click) {
  return el("button", { type: "button", click });
}

/** A control with its words: field.caption and field.output are set in show(), field.input holds the value. */
function field(input) {
  const caption = el("span"), output = el("span", { class: "rl-value" });
  return Object.assign(el("label", { class: "rl-field" }, caption, input, output), { input, caption, output });
}

/** A slider with `change(number)`; attributes: min, max, step, value. */
function slider(attributes, change) {
  return field(el("input", { type: "range", ...attributes, input: (event) => change(Number(event.target.value)) }));
}

/** A choice among n with `change(index)`; select.name(texts) names them, in show(). */
function select(n, change) {
  const options = Array.from({ length: n }, (_, i) => el("option", { value: i }));
  const made = field(el("select", { change: (event) => change(Number(event.target.value)) }, ...options));
  made.name = (texts) => texts.forEach((text, i) => (options[i].textContent = text));
  return made;
}

/** A checkbox with `change(checked)`. */
function checkbox(change) {
  return field(el("input", { type: "checkbox", change: (event) => change(event.target.checked) }));
}

/** What is said politely to those who do not see: at the end of an episode and the like, not at every step. */
function status() {
  return el("p", { role: "status", class: "rl-status" });
}

/**
 * A canvas that is sharp on any screen and as wide as its place. `draw(context, width, height, color)`, where
 * color("ink") is one of the colours of frame.css; canvas.redraw() draws; canvas.describe(text) is its description.
 */
function canvas(height, draw) {
  const made = el("canvas", { role: "img" }), context = made.getContext("2d");
  made.style.height = `${height}px`;
  made.redraw = () => {
    const width = made.clientWidth, scale = window.devicePixelRatio || 1, style = getComputedStyle(made);
    if (made.width !== Math.round(width * scale)) {
      made.width = Math.round(width * scale);
      made.height = Math.round(height * scale);
    }
    context.setTransform(scale, 0, 0, scale, 0, 0);
    context.clearRect(0, 0, width, height);
    draw(context, width, height, (name) => style.getPropertyValue(`--rl-${name}`));
  };
  made.describe = (text) => made.setAttribute("aria-label", text);
  new ResizeObserver(() => made.redraw()).observe(made);
  return made;
}

/** Whether the reader wants no motion that was not asked for. */
function still() {
  return matchMedia("(prefers-reduced-motion: reduce)").matches;
}

/**
 * `step()` runs rate() times a second, `draw(part)` at every animation frame, while the clock plays and root can be
 * seen; part, from 0 to 1, is how much of the time to the next step has passed.
 */
function clock(root, rate, step, draw) {
  let seen = false, asked = false, last = 0, due = 0;
  const time = {
    playing: false,
    frames: 0, // drawn so far
    play() {
      time.playing = true;
      last = performance.now();
      ask();
    },
    pause() {
      time.playing = false;
    },
  };
  const ask = () => {
    if (asked || !time.playing || !seen) return;
    asked = true;
    requestAnimationFrame(frame);
  };
  const frame = (now) => {
    asked = false;
    if (!time.playing || !seen) return;
    due = Math.min(due + (Math.max(0, now - last) / 1000) * rate(), 5); // after a pause it does not catch up
    last = now;
    for (; due >= 1 && time.playing; due -= 1) step();
    draw(time.playing ? due : 1);
    time.frames += 1;
    ask();
  };
  new IntersectionObserver(([entry]) => {
    seen = entry.isIntersecting;
    last = performance.now();
    ask();
  }).observe(root);
  return time;
}

/** Start every agent of this name that does not play yet. */
function start(name, make) {
  for (const root of document.querySelectorAll(`.rl-live[data-agent="${name}"]:not([data-started])`)) {
    root.dataset.started = "";
    root.querySelector("p").remove(); // what readers without JavaScript see
    root.agent = make(root, JSON.parse(root.querySelector("script").textContent));
    const show = () => {
      root.lang = TAGS[language()];
      root.agent.show();
    };
    show();
    document.addEventListener("course-language", show);
    window.addEventListener("storage", show);
    document.addEventListener("change", (event) => event.target.closest(".sd-tab-set") && show());
    const theme = new MutationObserver(show);
    theme.observe(document.documentElement, { attributeFilter: ["data-theme"] });
    theme.observe(document.body, { attributeFilter: ["data-jp-theme-light"] });
  }
}
