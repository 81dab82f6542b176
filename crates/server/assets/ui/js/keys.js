// Keys. Never while somebody types, never with the browser's own keys, and off for who wants them off.
const keys = {
  off: localStorage.getItem("keys") === "off",
  going: 0,
  typing: element => element?.closest?.("input:not([type=checkbox]):not([type=range]), textarea, select, [contenteditable], dialog[open]"),
  /** A link to what is seen, with its times made absolute. */
  link() {
    const address = new URL(location.href);
    const from = address.searchParams.get("from"), figure = $("[data-brush]");
    if (figure && (!from || from.startsWith("-"))) {
      address.searchParams.set("from", figure.dataset.from);
      address.searchParams.set("to", figure.dataset.to);
    }
    copy(address.href, "Link copied, with absolute times");
  },
  rows: () => $$("[data-row]"),
  /** Moves the mark of the current row. */
  move(step) {
    const rows = keys.rows();
    if (!rows.length) return;
    const at = rows.findIndex(row => row.classList.contains("cur"));
    const to = rows[Math.max(0, Math.min(rows.length - 1, at < 0 ? 0 : at + step))];
    rows[at]?.classList.remove("cur");
    to.classList.add("cur");
    to.scrollIntoView({ block: "nearest" });
    $("a", to)?.focus({ preventScroll: true });
  },
  press(event) {
    if (event.key === "k" && (event.ctrlKey || event.metaKey) && !event.altKey) {
      event.preventDefault();
      palette.open();
      return;
    }
    if (keys.off || event.ctrlKey || event.metaKey || event.altKey || event.isComposing || keys.typing(event.target)) return;
    if (keys.going > Date.now()) {
      keys.going = 0;
      const link = $(`.nav a[data-key="${CSS.escape(event.key.toLowerCase())}"]`);
      if (link) { event.preventDefault(); location.assign(link.href); }
      return;
    }
    const action = keys.actions[event.key];
    if (action && action(event) !== false) event.preventDefault();
  },
  actions: {
    "?": () => $("#help").showModal(),
    "/": () => { const input = $("#q") ?? $(".find input"); input.focus(); input.select(); },
    g: () => { keys.going = Date.now() + 1500; },
    t: theme.toggle,
    l: live.toggle,
    y: () => keys.link(),
    j: () => keys.move(1),
    k: () => keys.move(-1),
    Enter: event => {
      const row = event.target === document.body && $("[data-row].cur a");
      return row ? row.click() : false;
    },
  },
};
document.addEventListener("keydown", keys.press);
const keysOff = $("[data-keys-off]");
keysOff.checked = keys.off;
keysOff.addEventListener("change", () => {
  keys.off = keysOff.checked;
  localStorage.setItem("keys", keys.off ? "off" : "on");
});
// The field in the top bar opens the palette; without script it is a search.
document.addEventListener("focusin", event => {
  if (event.target.matches?.("[data-palette]")) { event.target.blur(); palette.open(event.target.value); }
});
live.open();
