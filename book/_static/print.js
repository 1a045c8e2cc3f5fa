// Before a page is printed its hints open and dark mode gives way to light; after that all is as it was.
let restore = [];

addEventListener("beforeprint", () => {
  const page = document.documentElement, mode = page.dataset.theme;
  page.dataset.theme = "light";
  restore = [() => { page.dataset.theme = mode; }];
  for (const hint of document.querySelectorAll("details.sd-dropdown:not([open])")) {
    hint.open = true;
    restore.push(() => { hint.open = false; });
  }
});

addEventListener("afterprint", () => restore.splice(0).forEach((step) => step()));
