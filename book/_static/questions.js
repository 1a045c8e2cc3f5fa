// Questions that mark themselves, and figures that wait for a prediction. Answers stay in this browser.
(() => {
  const KEY = "course-progress"; // {"chapters/dqn#ex-label": [option of each question, null where none was chosen]}
  const WORDS = {
    en: {
      check: "Check", choose: "Choose an answer first.", right: "Right.", wrong: "Not right.",
      all: "Show all explanations", hide: "Hide the explanations", under: "Each explanation stands under its answer.",
      reveal: "Reveal the figure", skip: "Show without predicting",
      score: (right, of) => `Questions of this chapter: ${right} of ${of} answered right.`,
      columns: ["Chapter", "Answered", "Right", "Of"], total: "All chapters",
      save: "Export", load: "Import", forget: "Forget all", yes: "Yes, forget all", no: "No, keep them",
      sure: "Forget every answer in this browser? This cannot be undone.", forgotten: "All answers are forgotten.",
      loaded: "The answers in the file are now in this browser.",
      refused: "This file does not hold answers to this book’s questions. Nothing was changed.",
      forgetful: "This browser lets the book remember nothing: answers are gone when a page is closed.",
    },
    zh: {
      check: "检查", choose: "请先选择一个答案。", right: "正确。", wrong: "不正确。",
      all: "显示全部解释", hide: "收起解释", under: "每个答案下面都有解释。",
      reveal: "显示结果图", skip: "不预测，直接看图",
      score: (right, of) => `本章自测题：共 ${of} 题，答对 ${right} 题。`,
      columns: ["章节", "已答", "答对", "总数"], total: "全部章节",
      save: "导出", load: "导入", forget: "全部清除", yes: "是，全部清除", no: "不，保留",
      sure: "要清除这个浏览器里的全部答案吗？清除后无法恢复。", forgotten: "全部答案已清除。",
      loaded: "文件中的答案已存入这个浏览器。",
      refused: "这个文件里不是本书自测题的答案，未作任何改动。",
      forgetful: "这个浏览器不允许本书保存任何内容：关闭页面后，答案就会丢失。",
    },
    ru: {
      check: "Проверить", choose: "Сначала выберите ответ.", right: "Верно.", wrong: "Неверно.",
      all: "Показать все пояснения", hide: "Скрыть пояснения", under: "Под каждым ответом стоит его пояснение.",
      reveal: "Показать рисунок", skip: "Показать без предсказания",
      score: (right, of) => `Вопросы этой главы: верных ответов ${right} из ${of}.`,
      columns: ["Глава", "Отвечено", "Верно", "Всего"], total: "Все главы",
      save: "Сохранить в файл", load: "Взять из файла", forget: "Забыть всё", yes: "Да, забыть всё", no: "Нет, оставить",
      sure: "Забыть все ответы в этом браузере? Вернуть их будет нельзя.", forgotten: "Все ответы забыты.",
      loaded: "Ответы из файла теперь в этом браузере.",
      refused: "В этом файле нет ответов на вопросы этой книги. Ничего не изменилось.",
      forgetful: "Этот браузер не даёт книге ничего запоминать: ответы исчезнут, когда страница будет закрыта.",
    },
  };

  let remembers = true; // false where the browser forbids storage
  let progress = read();
  const items = []; // every question and prediction of this page, once per language

  function read() {
    try {
      const stored = JSON.parse(localStorage.getItem(KEY));
      return valid(stored) ? stored : {};
    } catch (error) {
      remembers = error instanceof SyntaxError;
      return {};
    }
  }

  function write() {
    try {
      localStorage.setItem(KEY, JSON.stringify(progress));
    } catch {
      remembers = false;
    }
  }

  function valid(answers) {
    const option = (value) => value === null || (Number.isInteger(value) && value >= 0);
    return answers !== null && typeof answers === "object" && !Array.isArray(answers) &&
      Object.entries(answers).every(([name, options]) =>
        /^[\w/-]+#[\w-]+$/.test(name) && Array.isArray(options) && options.every(option));
  }

  /** Keep an option, but never a wrong one in place of the right one: so the page knows what was ever right. */
  function remember({ name, index, right }, picked) {
    const options = (progress[name] ??= []);
    while (options.length <= index) options.push(null);
    if (options[index] !== right) options[index] = picked;
    write();
  }

  function chosenLanguage() {
    try {
      const language = localStorage.getItem("sphinx-design-tab-id-lang");
      return language in WORDS ? language : "en";
    } catch {
      return "en";
    }
  }

  const tag = (language) => (language === "zh" ? "zh-CN" : language);

  function make(kind, properties, ...children) {
    const element = Object.assign(document.createElement(kind), properties);
    element.append(...children);
    return element;
  }

  const button = (className, act, words = "") => {
    const element = make("button", { type: "button", className }, words);
    element.addEventListener("click", act);
    return element;
  };

  /** Turn an admonition with a list of answers into a group of radio buttons; its nodes are moved, not copied. */
  function build(box, name, index) {
    const { lang } = box.closest("[lang]");
    const words = WORDS[lang.slice(0, 2)];
    const list = box.querySelector(":scope > dl");
    const id = `${name.split("#")[1]}-${index}-${lang}`;
    const verdict = (right) => make("p", { className: right ? "verdict right" : "verdict wrong" },
      right ? `✓ ${words.right}` : `✗ ${words.wrong}`);
    const text = make("div", { id }, ...[...box.children].filter((part) =>
      part !== list && !part.classList.contains("admonition-title")));
    const answers = [...list.querySelectorAll(":scope > dt")].map((term, number) => {
      const why = make("div", { className: "why", hidden: true }, ...term.nextElementSibling.childNodes);
      const sign = document.createTreeWalker(why, NodeFilter.SHOW_TEXT);
      while (!sign.nextNode().data.trim()); // the first text begins with the sign
      const right = sign.currentNode.data.trimStart().startsWith("✓");
      sign.currentNode.data = sign.currentNode.data.replace(/^\s*[✓✗]\s*/, "");
      const radio = make("input", { type: "radio", name: id, value: number });
      why.prepend(verdict(right));
      const answer = make("div", {}, make("label", {}, radio, make("span", {}, ...term.childNodes)), why);
      return { right, radio, why, answer };
    });
    const status = make("div", { className: "feedback" });
    status.setAttribute("role", "status");
    const item = { name, index, right: answers.findIndex((answer) => answer.right), show };
    let open = false; // whether every explanation stands under its answer
    let shown;

    /** Show what was picked: a number, null for a figure opened without a prediction, undefined for nothing. */
    function show(picked) {
      shown = picked;
      const chosen = answers[picked];
      answers.forEach(({ radio, why, answer }) => {
        radio.checked = Number(radio.value) === picked;
        why.hidden = !open;
        answer.append(why); // it never leaves the page, or MathJax might miss it
      });
      status.replaceChildren(...(chosen ? (open ? [verdict(chosen.right), words.under] : [chosen.why]) : []));
      if (chosen) chosen.why.hidden = false;
      all.hidden = !chosen;
      all.textContent = open ? words.hide : words.all;
      item.reveal?.(picked);
    }

    const check = button("primary", () => {
      const picked = answers.findIndex(({ radio }) => radio.checked);
      if (picked < 0) {
        status.replaceChildren(words.choose);
      } else {
        remember(item, picked);
        refresh(item, picked);
      }
    }, words.check);
    const all = button("", () => {
      open = !open;
      show(shown);
    });
    const buttons = make("div", { className: "buttons" }, check, all);
    const group = make("fieldset", {}, text, ...answers.map(({ answer }) => answer), buttons, status);
    group.setAttribute("aria-labelledby", id);
    list.replaceWith(group);
    box.classList.add("ready");
    if (box.classList.contains("predict")) wait(box, item, words, check, buttons);
    items.push(item);
    show(progress[name]?.[index]);
  }

  /** Hide the outputs of the cells that follow a prediction without a word between; searching and links open them. */
  function wait(box, item, words, check, buttons) {
    const outputs = [];
    for (let cell = box.nextElementSibling; cell?.matches(".cell"); cell = cell.nextElementSibling)
      outputs.push(...cell.querySelectorAll(":scope > .cell_output"));
    const open = () => {
      remember(item, null);
      refresh(item, null);
    };
    const skip = button("", () => {
      open();
      outputs[0].focus({ preventScroll: true });
    }, words.skip);
    check.after(skip);
    item.reveal = (picked) => {
      const hidden = picked === undefined;
      skip.hidden = !hidden;
      check.textContent = hidden ? words.reveal : words.check;
      for (const output of outputs) {
        output.tabIndex = -1;
        if (!hidden) output.removeAttribute("hidden");
        else output.setAttribute("hidden", "onbeforematch" in output ? "until-found" : "");
      }
    };
    const target = () => {
      const wanted = outputs.map((output) => output.querySelector(":target")).find(Boolean);
      if (wanted && skip.hidden === false) {
        open();
        wanted.scrollIntoView();
      }
    };
    outputs.forEach((output) => output.addEventListener("beforematch", open));
    addEventListener("load", target);
    addEventListener("hashchange", target);
  }

  /** Show an answer in all languages of this page, or with no arguments everything as it is stored. */
  function refresh(item, picked) {
    for (const each of items) {
      if (!item) each.show(progress[each.name]?.[each.index]);
      else if (each.name === item.name && each.index === item.index) each.show(picked);
    }
    drawScore();
    drawTable();
  }

  let drawScore = () => {};
  let drawTable = () => {};

  /** A line under the heading of the exercises, once something was answered. */
  function addScore(heading) {
    const line = make("p", { className: "question-score" });
    heading.after(line);
    drawScore = () => {
      const asked = new Map(items.filter(({ reveal }) => !reveal).map((item) => [`${item.name} ${item.index}`, item]));
      const answers = [...asked.values()].map(({ name, index, right }) => [progress[name]?.[index] ?? null, right]);
      const language = chosenLanguage();
      line.hidden = answers.every(([picked]) => picked === null);
      line.lang = tag(language);
      line.textContent = WORDS[language].score(answers.filter(([picked, right]) => picked === right).length, asked.size);
    };
  }

  /** The table of all chapters, and the way of the answers to a file and back. */
  function addTable(place) {
    const chapters = JSON.parse(place.dataset.chapters);
    const table = make("table", { className: "table" });
    const status = make("p", {});
    status.setAttribute("role", "status");
    const words = () => WORDS[chosenLanguage()];
    const file = make("input", { type: "file", accept: ".json,application/json", hidden: true });
    const ask = (sure) => {
      yes.hidden = no.hidden = !sure;
      forget.hidden = sure;
      (sure ? no : forget).focus();
    };
    const save = button("", () => {
      const link = make("a", { download: `${KEY}.json` });
      link.href = URL.createObjectURL(new Blob([JSON.stringify(progress, null, 1)], { type: "application/json" }));
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 1000);
    });
    const load = button("", () => file.click());
    const forget = button("", () => {
      ask(true);
      status.textContent = words().sure;
    });
    const yes = button("", () => {
      progress = {};
      write();
      refresh();
      ask(false);
      status.textContent = words().forgotten;
    });
    const no = button("", () => {
      ask(false);
      status.textContent = "";
    });
    yes.hidden = no.hidden = true;
    file.addEventListener("change", async () => {
      let answers = null;
      try {
        answers = JSON.parse(await file.files[0].text());
      } catch {
        // not JSON: refused below
      }
      file.value = "";
      if (valid(answers)) {
        Object.assign(progress, answers);
        write();
        refresh();
      }
      status.textContent = valid(answers) ? words().loaded : words().refused;
    });
    place.append(table, make("div", { className: "buttons" }, save, load, forget, yes, no, file), status);

    const row = (kind, cells) => {
      const line = make("tr", {}, ...cells.map((cell, column) => make(column ? kind : "th", {}, cell)));
      line.firstChild.scope = kind === "th" ? "col" : "row";
      return line;
    };
    drawTable = () => {
      const { columns, total } = words();
      const counts = chapters.map(({ page, right }) => {
        const pairs = Object.entries(right).flatMap(([label, rights]) =>
          rights.map((each, index) => [progress[`${page}#${label}`]?.[index] ?? null, each]));
        return [pairs.filter(([picked]) => picked !== null), pairs.filter(([picked, each]) => picked === each), pairs]
          .map((some) => some.length);
      });
      const sums = [0, 1, 2].map((column) => counts.reduce((sum, count) => sum + count[column], 0));
      const links = chapters.map(({ href, title }) => make("a", { href, lang: "en" }, title));
      table.replaceChildren(
        make("thead", {}, row("th", columns)),
        make("tbody", {}, ...links.map((link, number) => row("td", [link, ...counts[number]]))),
        make("tfoot", {}, row("td", [total, ...sums])));
      for (const [element, name] of [[save, "save"], [load, "load"], [forget, "forget"], [yes, "yes"], [no, "no"]])
        element.textContent = words()[name];
      place.lang = tag(chosenLanguage());
    };
    drawTable();
    if (!remembers) status.textContent = words().forgetful;
  }

  const page = DOCUMENTATION_OPTIONS.pagename;
  document.querySelectorAll(".admonition.question").forEach((box) => {
    const tab = box.closest(".sd-tab-content");
    const index = [...tab.querySelectorAll(".admonition.question")].indexOf(box);
    build(box, `${page}#${box.closest(".exercise").id}`, index);
  });
  document.querySelectorAll(".admonition.predict").forEach((box, index) => build(box, `${page}#predict-${index + 1}`, 0));
  const heading = document.querySelector("#exercises > h2");
  if (heading && items.length) addScore(heading);
  const place = document.getElementById(KEY);
  if (place) addTable(place);
  drawScore();
  document.addEventListener("course-language", () => {
    drawScore();
    drawTable();
  });
  addEventListener("storage", (event) => {
    if (event.key === KEY || event.key === null) {
      progress = read();
      refresh();
    }
  });
})();
