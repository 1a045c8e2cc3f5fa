// What other scripts put on the page, and how wide it is, is known only here.
document.addEventListener("DOMContentLoaded", () => {
  // A button that unfolds a box has the name of the box; aria-expanded says the rest.
  for (const button of document.querySelectorAll("button.toggle-button"))
    button.setAttribute("aria-label", button.closest(".admonition-title").textContent.trim());
  for (const button of document.querySelectorAll("button.copybtn")) button.lang = "en";

  // What scrolls is reached by the keyboard and says what it is, also when a tab or a box has just shown it.
  const kinds = ["pre", ".pst-scrollable-table-container", ".math, .math > *"];
  const names = {en: ["Code", "Table", "Formula"], "zh-CN": ["代码", "表格", "公式"],
                 ru: ["Код", "Таблица", "Формула"]};
  const sizes = new ResizeObserver((entries) => {
    for (const {target: box} of entries) {
      const may = getComputedStyle(box).overflowX !== "visible";
      if (may && box.scrollWidth > box.clientWidth + 1) {
        box.tabIndex = 0;
        box.setAttribute("role", "group");
        box.setAttribute("aria-label", (names[box.closest("[lang]").lang] ?? names.en)[
          kinds.findIndex((kind) => box.matches(kind))]);
      } else {
        for (const name of ["tabindex", "role", "aria-label"]) box.removeAttribute(name);
      }
    }
  });
  for (const box of document.querySelectorAll(kinds.map((kind) => `.bd-article :is(${kind})`).join()))
    sizes.observe(box);
});
