"use strict";
// Small tools that the other pieces share.
const $ = (selector, within = document) => within.querySelector(selector);
const $$ = (selector, within = document) => [...within.querySelectorAll(selector)];

/** An element with classes and texts or elements inside; texts stay texts. */
const make = (name, classes, ...inside) => {
  const element = document.createElement(name);
  if (classes) element.className = classes;
  element.append(...inside);
  return element;
};

/** Says something for a moment. */
const say = (() => {
  let timer;
  return (text, tone = "") => {
    const toast = $("#toast");
    toast.textContent = text;
    toast.className = `on ${tone}`;
    clearTimeout(timer);
    timer = setTimeout(() => toast.classList.remove("on"), 4000);
  };
})();

/** Calls back now and whenever the changing part of the page was exchanged. */
const onPage = callback => {
  callback();
  document.addEventListener("htmx:after:swap", callback);
};

/** Shows another address of this page without loading the frame again. */
const show = address => window.htmx
  ? htmx.ajax("GET", address, { target: "#main", swap: "outerMorph", push: "true" })
  : location.assign(address);

// What an action did is said for a moment: the page may be drawn anew at once, and a reload must not
// repeat it.
onPage(() => {
  const notice = $("#notice");
  if (notice) {
    say(notice.textContent.trim(), notice.dataset.tone);
    notice.remove();
  }
  const address = new URL(location.href);
  if (!address.searchParams.has("notice")) return;
  address.searchParams.delete("notice");
  history.replaceState(history.state, "", address);
});

// Sliders say their value and are filled up to it; a click beside an open choice closes it.
const fill = slider => {
  const { min, max, value } = slider;
  slider.style.setProperty("--v", `${(value - min) / (max - min) * 100}%`);
};
onPage(() => $$("[data-range]").forEach(fill));
document.addEventListener("input", event => {
  if (!event.target.matches("[data-range]")) return;
  fill(event.target);
  const { digits, unit = "" } = event.target.dataset;
  const output = $("[data-output]", event.target.closest("label"));
  output.textContent = (digits ? Number(event.target.value).toFixed(digits) : event.target.value) + unit;
});
document.addEventListener("click", event => {
  for (const open of $$("details[data-details][open]")) if (!open.contains(event.target)) open.open = false;
});
