// The theme's buttons name the function that they call, since the page's policy forbids inline handlers.
document.addEventListener("click", (event) => {
  const name = event.target.closest("[data-call]")?.dataset.call;
  if (name === "window.print") window.print();
  if (name === "toggleFullScreen") toggleFullScreen();
});
