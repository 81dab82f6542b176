// The list of alerts: one beside it without moving it, what is new on request only, and its keys.
const alerts = {
  page: () => $("main[data-alerts]"),
  panel: () => $("#panel:not([hidden])"),
  /** Opens what an address names in the panel; the rows stay where they are. */
  open(address, focus) {
    const url = new URL(address, location.href);
    alerts.from = document.activeElement?.closest?.("#panel") ? alerts.from : document.activeElement;
    alerts.focus = focus;
    htmx.ajax("GET", `/ui/parts/alerts/panel${url.search}`, { target: "#panel", swap: "outerMorph", push: url.pathname + url.search });
  },
  close() {
    const link = $("#panel [data-close]");
    if (link) alerts.open(link.href, false);
  },
  /** Draws what depends on whether an alert is open. */
  arrange() {
    const page = alerts.page();
    if (!page) return;
    const panel = alerts.panel();
    page.classList.toggle("wide", !panel);
    for (const row of keys.rows()) {
      const is = panel && row.dataset.id === panel.dataset.id;
      row.classList.toggle("cur", Boolean(is) || (!panel && row.contains(document.activeElement)));
      $("a[data-open]", row)?.toggleAttribute("aria-current", Boolean(is));
    }
    for (const button of $$("#panel [data-step]")) button.hidden = !alerts.beside(Number(button.dataset.step));
    if (alerts.focus === undefined) return;
    if (panel && alerts.focus) { panel.scrollTop = 0; $("[data-focus]", panel)?.focus({ preventScroll: true }); }
    if (!panel) {
      const row = alerts.last && keys.rows().find(row => row.dataset.id === alerts.last);
      row?.classList.add("cur");
      (row ? $("a[data-open]", row) : alerts.from)?.focus?.({ preventScroll: true });
      row?.scrollIntoView({ block: "nearest" });
    }
    alerts.last = panel ? panel.dataset.id : undefined;
    alerts.focus = undefined;
  },
  /** The link of the row before or after the open one. */
  beside(step) {
    const rows = keys.rows(), at = rows.findIndex(row => row.dataset.id === alerts.panel()?.dataset.id);
    const row = at < 0 ? null : rows[at + step];
    return row && $("a[data-open]", row);
  },
  step(step) {
    const link = alerts.beside(step);
    if (!link) return false;
    link.closest("tr").scrollIntoView({ block: "nearest" });
    alerts.open(link.href, true);
  },
  /** Draws the list anew with what has arrived. */
  load() {
    const link = $("[data-fresh]");
    if (!link) return false;
    live.seen();
    $("#rows")?.scrollTo(0, 0);
    show(link.getAttribute("href"));
  },
  /** A value as the query language writes it. */
  quote: text => /^[\p{L}\p{N}_.@][\p{L}\p{N}_.@-]*$/u.test(text) ? text : `"${text.replace(/["\\]/g, "\\$&")}"`,
  /** Filters by the value under the hand, or excludes it. */
  filter(out) {
    const link = document.activeElement?.closest?.("a.val, a.pick") ?? $("a.val:hover, a.pick:hover");
    if (link) { show(out && link.dataset.exclude ? link.dataset.exclude : link.getAttribute("href")); return; }
    const cell = $("[data-field]:hover") ?? $("[data-row].cur [data-field]");
    if (!cell) return false;
    const { field, value } = cell.dataset, address = new URL(location.href);
    if (out) address.searchParams.append(field, `-${alerts.quote(value)}`);
    else address.searchParams.set(field, alerts.quote(value));
    address.searchParams.delete("before");
    show(address.pathname + address.search);
  },
  shared: () => $("[data-copy-link]")?.dataset.copyLink,
};
document.addEventListener("click", async event => {
  if (event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
  const at = selector => event.target.closest?.(selector);
  const excluding = event.altKey && at("[data-exclude]");
  if (excluding) { event.preventDefault(); event.stopPropagation(); show(excluding.dataset.exclude); return; }
  const link = at("main[data-alerts] a[data-open], main[data-alerts] a[data-close]");
  if (link) { event.preventDefault(); alerts.open(link.href, "open" in link.dataset); return; }
  if (at("a[data-fresh]")) { event.preventDefault(); alerts.load(); return; }
  const step = at("[data-step]");
  if (step) { alerts.step(Number(step.dataset.step)); return; }
  const shared = at("[data-copy-link]");
  if (shared) { copy(location.origin + shared.dataset.copyLink, "Link copied"); return; }
  if (at("[data-copy-view]")) { keys.link(); return; }
  const curl = at("[data-copy-curl]");
  if (curl) { copy(`curl -sS '${location.origin}${curl.dataset.copyCurl}'`, "Command copied"); return; }
  const json = at("[data-copy-json]");
  if (json) {
    event.preventDefault();
    const answer = await fetch(json.getAttribute("href"));
    if (answer.ok) copy(JSON.stringify(await answer.json(), null, 2), "JSON copied"); else say("The alert cannot be read");
    return;
  }
  // A click anywhere in a row opens it, unless a text was selected.
  const row = at("main[data-alerts] [data-row]");
  if (row && !at("a, button, input, label") && !String(getSelection())) alerts.open($("a[data-open]", row).href, true);
}, true);
onPage(() => {
  for (const button of $$("[data-copy-link], [data-copy-curl], [data-copy-view]")) button.hidden = false;
  alerts.arrange();
});
Object.assign(keys.actions, {
  ".": alerts.load,
  "[": () => alerts.step(-1),
  "]": () => alerts.step(1),
  f: () => alerts.filter(false),
  F: () => alerts.filter(true),
  y: () => { const link = alerts.shared(); if (link) copy(location.origin + link, "Link copied"); else keys.link(); },
  Escape: () => {
    const open = $("details[data-details][open]");
    if (open) { open.open = false; return; }
    if (alerts.page() && alerts.panel()) return alerts.close();
    const back = $("[data-back]");
    return back ? back.click() : false;
  },
});
// Completes fields and values of a query from what the server offers for its end.
const complete = {
  list: null, items: [], chosen: -1, asked: 0,
  input: () => $("#q[data-complete]"),
  async ask() {
    const input = complete.input(), mine = ++complete.asked;
    const before = input.value.slice(0, input.selectionStart);
    const answer = await fetch(`${input.dataset.complete}?q=${encodeURIComponent(before)}`).catch(() => null);
    if (mine !== complete.asked || !answer?.ok || document.activeElement !== input) return;
    const { from, items } = await answer.json();
    // The server counts bytes.
    complete.from = new TextDecoder().decode(new TextEncoder().encode(before).slice(0, from)).length;
    complete.items = items.slice(0, 12);
    complete.chosen = -1;
    complete.draw();
  },
  draw() {
    const input = complete.input();
    complete.list?.remove();
    complete.list = null;
    input.setAttribute("aria-expanded", String(complete.items.length > 0));
    input.removeAttribute("aria-activedescendant");
    if (!complete.items.length) return;
    complete.list = make("ul", "offers", ...complete.items.map((item, index) => {
      const line = make("li", index === complete.chosen ? "on" : "", make("span", "mono clip", item.text), make("span", "muted clip", item.hint ?? ""), make("span", "n", item.count == null ? "" : item.count.toLocaleString("en")));
      line.id = `offer-${index}`;
      line.setAttribute("role", "option");
      line.setAttribute("aria-selected", String(index === complete.chosen));
      line.addEventListener("pointerdown", event => { event.preventDefault(); complete.take(item); });
      return line;
    }));
    complete.list.id = "offers";
    complete.list.setAttribute("role", "listbox");
    complete.list.setAttribute("aria-label", "Suggestions");
    input.closest(".q").append(complete.list);
    if (complete.chosen >= 0) input.setAttribute("aria-activedescendant", `offer-${complete.chosen}`);
  },
  take(item) {
    const input = complete.input(), end = input.selectionStart;
    const text = item.text + (item.text.endsWith(":") ? "" : " ");
    input.setRangeText(text, complete.from, end, "end");
    complete.hide();
    if (text.endsWith(":")) complete.ask();
  },
  hide() {
    complete.asked += 1;
    complete.items = [];
    complete.chosen = -1;
    if (complete.input()) complete.draw();
  },
};
document.addEventListener("input", event => { if (event.target === complete.input()) complete.ask(); });
document.addEventListener("focusin", event => { if (event.target === complete.input()) complete.ask(); });
document.addEventListener("focusout", event => { if (event.target === complete.input()) complete.hide(); });
document.addEventListener("keydown", event => {
  if (event.target !== complete.input()) return;
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step && complete.items.length) {
    event.preventDefault();
    complete.chosen = (complete.chosen + step + complete.items.length) % complete.items.length;
    complete.draw();
  } else if ((event.key === "Tab" || event.key === "Enter") && complete.chosen >= 0) {
    event.preventDefault();
    complete.take(complete.items[complete.chosen]);
  } else if (event.key === "Escape") {
    event.preventDefault();
    if (complete.items.length) complete.hide(); else event.target.blur();
  }
});
onPage(() => {
  const input = complete.input();
  if (!input) return;
  for (const [name, value] of [["role", "combobox"], ["aria-autocomplete", "list"], ["aria-expanded", "false"], ["aria-controls", "offers"]]) input.setAttribute(name, value);
});
