// Says when the server cannot be reached; the page works without it.
(() => {
  const lost = document.getElementById("lost");
  const show = (gone) => { if (lost) lost.hidden = !gone; };
  document.body.addEventListener("htmx:sendError", () => show(true));
  document.body.addEventListener("htmx:timeout", () => show(true));
  document.body.addEventListener("htmx:responseError", () => show(true));
  document.body.addEventListener("htmx:afterOnLoad", () => show(false));
})();
