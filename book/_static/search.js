// The search page. Sphinx's index tells which pages hold all the words; the texts of these pages, which come
// with the search page, tell where, and whether Chinese stands there as it was typed. Nothing is fetched.
"use strict";

{
  const PLACES_PER_PAGE = 3;
  const BEFORE = 60, LENGTH = 240; // characters of an excerpt; Chinese takes half of them
  const stemmer = new Stemmer(), stems = new Map();

  const stem = (word) => stems.get(word) ?? stems.set(word, stemmer.stemWord(word)).get(word);

  /** The pages whose index entries hold a stem, as a set of numbers. */
  const pagesWith = (word) => new Set(["terms", "titleterms"].flatMap(
    (kind) => Object.hasOwn(Search._index[kind], word) ? Search._index[kind][word] : []));

  /** Where the wanted runs stand in a text: [start, end, number of the run], in order. */
  function spots(text, wanted) {
    const lower = folded(text), found = [];
    wanted.forEach((run, number) => {
      if (isHan(run))
        for (let at = lower.indexOf(run); at >= 0; at = lower.indexOf(run, at + run.length))
          found.push([at, at + run.length, number]);
    });
    const numbers = new Map(wanted.map((run, number) => [stem(run), number]));
    for (const { 0: run, index } of lower.matchAll(RUN)) {
      const number = isHan(run) ? undefined : numbers.get(stem(run));
      if (number !== undefined) found.push([index, index + run.length, number]);
    }
    return found.sort((a, b) => a[0] - b[0]);
  }

  const distinct = (found) => new Set(found.map((spot) => spot[2]));

  /** One place of a page with what was found in it; a word in the title counts for many in the text. */
  function look([anchor, title, lang, text], page, wanted) {
    // In a tab the English title is another language's.
    const inTitle = lang === "en" ? spots(title, wanted) : [], inText = spots(text, wanted);
    const all = distinct([...inTitle, ...inText]);
    const score = 10 * distinct(inTitle).size / (title.match(RUN)?.length ?? 1) + 5 * distinct(inTitle).size
      + distinct(inText).size + Math.min(inText.length, 9) / 10;
    return { anchor, title, lang, text, page, inTitle, inText, all, score };
  }

  /** The places to show, best first: those with every word, or else one of a page that has them all. */
  function search(query) {
    const wanted = [...new Map(splitRuns(query).map((run) => [stem(run), run])).values()];
    const needed = splitQuery(query).map((word) => pagesWith(stem(word)));
    if (!needed.length) return [];
    const results = [];
    for (const number of needed.reduce((a, b) => new Set([...a].filter((page) => b.has(page))))) {
      const page = Search._index.docnames[number];
      const places = SEARCH_TEXTS[page].map((place) => look(place, page, wanted));
      places.sort((a, b) => b.all.size - a.all.size || b.score - a.score);
      const whole = places.filter((place) => place.all.size === wanted.length);
      if (whole.length) results.push(...whole.slice(0, PLACES_PER_PAGE));
      else if (new Set(places.flatMap((place) => [...place.all])).size === wanted.length)
        results.push(places[0]);
    }
    return results.sort((a, b) => b.all.size - a.all.size || b.score - a.score);
  }

  const element = (tag, properties, ...children) => {
    const made = Object.assign(document.createElement(tag), properties);
    made.append(...children);
    return made;
  };

  /** The text from one character to another, with what was found in it marked. */
  function marked(text, found, begin = 0, end = text.length) {
    const pieces = [];
    for (const [start, stop] of found)
      if (start >= begin && stop <= end) {
        pieces.push(text.slice(begin, start), element("mark", { textContent: text.slice(start, stop) }));
        begin = stop;
      }
    return [...pieces, text.slice(begin, end)];
  }

  /** A piece of the text around the most different words. */
  function excerpt({ text, lang, inText }) {
    const [before, length] = lang === "zh-CN" ? [BEFORE / 2, LENGTH / 2] : [BEFORE, LENGTH];
    const near = ([from]) =>
      distinct(inText.filter(([start]) => start >= from && start < from + length / 2)).size;
    const first = inText.reduce((best, spot) => near(spot) > near(best) ? spot : best, inText[0])?.[0] ?? 0;
    let begin = Math.max(0, first - before);
    if (begin) begin += text.slice(begin, first).indexOf(" ") + 1;
    const end = Math.min(text.length, begin + length);
    const pieces = [begin ? "… " : "", ...marked(text, inText, begin, end), end < text.length ? " …" : ""];
    return element("p", { className: "context", lang }, ...pieces);
  }

  function item(place) {
    const words = marked(place.title, place.inTitle);
    const link = element("a", { href: `${place.page}.html#${place.anchor}` }, ...words);
    const [[, title]] = SEARCH_TEXTS[place.page];
    const page = element("span", { className: "search-page", textContent: title });
    return element("li", {}, link, " ", place.title === title ? "" : page, excerpt(place));
  }

  /** Show what a query finds; how many, in the reader's language. */
  Search.performSearch = (query) => {
    const results = search(query);
    const heading = element("h2", { textContent: translated("Search Results") });
    const count = element("p", { className: "search-summary", role: "status" });
    const out = document.getElementById("search-results");
    out.replaceChildren(heading, count, element("ul", { className: "search" }, ...results.map(item)));
    count.textContent = translated(results.length ? "Places found: {}" : "Nothing found")
      .replace("{}", results.length);
    for (const words of [heading, count]) words.lang = languageTag();
  };

  const asked = () => new URLSearchParams(location.search).get("q");

  addEventListener("DOMContentLoaded", () => {
    for (const form of document.querySelectorAll("form.bd-search"))
      form.addEventListener("submit", (event) => { // the texts are here: no need to load the page anew
        event.preventDefault();
        history.pushState({}, "", `?${new URLSearchParams(new FormData(form))}`);
        document.getElementById("pst-search-dialog").close();
        Search.init();
      });
  });
  addEventListener("popstate", Search.init);
  document.addEventListener("course-language", () => asked() && Search.performSearch(asked()));
}
