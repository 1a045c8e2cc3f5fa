// The reader's language: that of the exercises' tabs and of the words of the page around the text.
"use strict";

const LANGUAGE_KEY = "sphinx-design-tab-id-lang"; // sphinx-design keeps the tab chosen last under this name
const LANGUAGES = { en: "en", zh: "zh-CN", ru: "ru" };

/** Every word of the interface as [English, Chinese, Russian]: no word twice in a column. */
const INTERFACE = [
  ["Language", "语言", "Язык"],
  ["Skip to main content", "跳到正文", "Перейти к содержанию"],
  ["Back to top", "回到顶部", "Наверх"],
  ["Search", "搜索", "Поиск"],
  ["Search...", "搜索……", "Поиск…"],
  ["Search Results", "搜索结果", "Результаты поиска"],
  ["Places found: {}", "找到 {} 处", "Найдено мест: {}"],
  ["Nothing found", "没有找到", "Ничего не найдено"],
  ["Contents", "目录", "Содержание"],
  ["Main", "全书目录", "Оглавление книги"],
  ["Page", "本页目录", "Содержание страницы"],
  ["Toggle primary sidebar", "显示或隐藏全书目录", "Показать или скрыть оглавление книги"],
  ["Toggle secondary sidebar", "显示或隐藏本页目录", "Показать или скрыть содержание страницы"],
  ["Download this page", "下载本页", "Скачать страницу"],
  ["Download source file", "下载源文件", "Скачать исходный файл"],
  ["Print to PDF", "打印为 PDF", "Печать в PDF"],
  ["Fullscreen mode", "全屏模式", "Полноэкранный режим"],
  ["Color mode", "颜色模式", "Цветовая тема"],
  ["Light", "浅色", "Светлая"],
  ["Dark", "深色", "Тёмная"],
  ["System Settings", "跟随系统", "Как в системе"],
  ["previous", "上一章", "назад"],
  ["next", "下一章", "далее"],
  ["previous page", "上一页", "предыдущая страница"],
  ["next page", "下一页", "следующая страница"],
  ["Click to show", "点击展开", "Показать"],
  ["Click to hide", "点击收起", "Скрыть"],
  ["Toggle hidden content", "展开或收起", "Показать или скрыть"],
  ["Copy", "复制", "Скопировать"],
  ["Copy to clipboard", "复制到剪贴板", "Скопировать в буфер"],
  ["Copied!", "复制成功!", "Скопировано!"],
  ["Link to this heading", "此标题的链接", "Ссылка на этот заголовок"],
  ["Link to this image", "此图的链接", "Ссылка на этот рисунок"],
  ["Link to this table", "此表的链接", "Ссылка на эту таблицу"],
  ["Link to this term", "此术语的链接", "Ссылка на этот термин"],
  ["Link to this equation", "此公式的链接", "Ссылка на эту формулу"],
  ["Link to this code", "此代码的链接", "Ссылка на этот код"],
];
const ROWS = new Map(INTERFACE.flatMap((row) => row.map((words) => [words, row])));
const TIPS = ["data-bs-title", "data-bs-original-title"]; // where Bootstrap keeps the title of a tooltip
const NAMES = ["title", "aria-label", "placeholder", "data-tooltip", ...TIPS];

const stored = () => localStorage.getItem(LANGUAGE_KEY);
const preferred = () =>
  navigator.languages.map((name) => name.slice(0, 2)).find((name) => name in LANGUAGES);
let language = stored() in LANGUAGES ? stored() : preferred() ?? "en";
localStorage.setItem(LANGUAGE_KEY, language);
document.documentElement.dataset.language = language;

const languageTag = () => LANGUAGES[language];

/** Words of the interface, in whatever language they are, in the reader's; what is not in the table stays. */
const translated = (words) => ROWS.get(words)?.[Object.keys(LANGUAGES).indexOf(language)] ?? words;

/** Translate what stands around the text of the book, and the buttons within it. */
function translatePage() {
  toggleHintShow = translated(toggleHintShow); // the words that sphinx-togglebutton writes at a click
  toggleHintHide = translated(toggleHintHide);
  document.querySelectorAll(".toggle-button").forEach(syncToggleHint);
  locale = languageTag(); // and sphinx-copybutton, which speaks our languages
  [iconCopy, iconCheck] = [iconCopy, iconCheck].map(
    (icon) => icon.replace(/(?<=<title>).*(?=<\/title>)/, translated));

  for (const element of document.querySelectorAll(NAMES.map((name) => `[${name}]`)))
    for (const name of NAMES)
      if (ROWS.has(element.getAttribute(name))) {
        element.setAttribute(name, translated(element.getAttribute(name)));
        if (element.matches("button") || !element.textContent.trim()) element.lang = languageTag();
      }
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const text = texts.currentNode, words = text.data.trim(), parent = text.parentElement;
    if (ROWS.has(words) && (!parent.closest("article") || parent.closest("button, summary"))) {
      text.data = text.data.replace(words, translated(words));
      parent.setAttribute("lang", languageTag());
    }
  }
  for (const element of document.querySelectorAll("[data-bs-toggle=tooltip]"))
    bootstrap.Tooltip.getInstance(element)?.setContent(
      { ".tooltip-inner": element.dataset.bsTitle ?? element.dataset.bsOriginalTitle });
}

/** Bring the whole page into a language, remember it and tell the others, if it is a new one. */
function choose(next) {
  if (!(next in LANGUAGES) || next === language) return;
  language = next;
  localStorage.setItem(LANGUAGE_KEY, language);
  showLanguage();
  document.dispatchEvent(new CustomEvent("course-language"));
}

function showLanguage() {
  document.documentElement.dataset.language = language;
  document.getElementById("language").value = language;
  for (const label of document.querySelectorAll(`[data-sync-group=lang][data-sync-id=${language}]`))
    label.control.checked = true;
  translatePage();
}

/** Unfold the solution that an address leads to or into, as a result of the search does. */
function unfoldTarget() {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  const folded = target?.closest(".toggle-hidden");
  if (!folded) return;
  toggleHidden(document.getElementById(`button-${folded.id}`));
  target.scrollIntoView();
}

document.addEventListener("change", ({ target }) => {
  const { syncGroup, syncId } = target.nextElementSibling?.dataset ?? {};
  if (target.id === "language") choose(target.value);
  else if (syncGroup === "lang") choose(syncId);
});
addEventListener("storage", ({ key, newValue }) => key === LANGUAGE_KEY && choose(newValue));
addEventListener("pageshow", ({ persisted }) => persisted && choose(stored()));
document.addEventListener("DOMContentLoaded", () => {
  document.getElementById("language").value = language;
  translatePage();
  unfoldTarget();
});
addEventListener("hashchange", unfoldTarget);
