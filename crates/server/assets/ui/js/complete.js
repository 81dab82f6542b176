// Completes fields and values of a query while it is written.
const complete = {
  input: null,
  list: null,
  items: [],
  chosen: -1,
  from: 0,

  async ask(input) {
    const before = input.value.slice(0, input.selectionStart);
    complete.input = input;
    clearTimeout(complete.timer);
    complete.abort?.abort();
    complete.abort = new AbortController();
    try {
      const answer = await fetch(`${input.dataset.complete}?q=${encodeURIComponent(before)}`, { signal: complete.abort.signal });
      if (!answer.ok) return complete.close();
      const { from, items } = await answer.json();
      // The answer counts bytes, the field counts units of UTF-16.
      const bytes = new TextEncoder().encode(before).slice(0, from);
      complete.from = new TextDecoder().decode(bytes).length;
      complete.until = before.length;
      complete.items = items.slice(0, 10);
      complete.chosen = -1;
      complete.draw();
    } catch { /* A newer question came, or nobody answers: the list stays away. */ }
  },
  draw() {
    complete.list?.remove();
    if (!complete.items.length || document.activeElement !== complete.input) return complete.close();
    complete.list = make("ul", "complete", ...complete.items.map((item, index) => {
      const hint = item.count == null ? item.hint ?? "" : item.count.toLocaleString("en-US");
      const line = make("li", index === complete.chosen ? "on" : "", make("span", "mono clip", item.text), make("span", "muted right", hint));
      line.id = `complete-${index}`;
      line.setAttribute("role", "option");
      line.setAttribute("aria-selected", String(index === complete.chosen));
      // Before the field loses the focus.
      line.addEventListener("mousedown", event => { event.preventDefault(); complete.take(index); });
      return line;
    }));
    complete.list.id = "complete";
    complete.list.setAttribute("role", "listbox");
    complete.list.setAttribute("aria-label", "Suggestions");
    complete.input.parentElement.append(complete.list);
    complete.input.setAttribute("aria-expanded", "true");
    complete.input.setAttribute("aria-activedescendant", complete.chosen < 0 ? "" : `complete-${complete.chosen}`);
  },
  take(index) {
    const { input, from, until } = complete, text = complete.items[index].text;
    const gap = text.endsWith(":") ? "" : " ";
    input.setRangeText(text + gap, from, until, "end");
    complete.close();
    complete.ask(input);
  },
  close() {
    complete.list?.remove();
    complete.list = null;
    complete.items = [];
    complete.input?.setAttribute("aria-expanded", "false");
  },
  key(event) {
    if (!complete.list || event.target !== complete.input) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const { length } = complete.items;
    if (step) {
      complete.chosen = (complete.chosen + step + length + (complete.chosen < 0 && step < 0 ? 1 : 0)) % length;
      complete.draw();
    } else if (event.key === "Tab" && !event.shiftKey || event.key === "Enter" && complete.chosen >= 0) {
      complete.take(Math.max(0, complete.chosen));
    } else if (event.key === "Escape") {
      complete.close();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  },
};
document.addEventListener("input", event => {
  if (!event.target.matches("[data-complete]")) return;
  clearTimeout(complete.timer);
  complete.timer = setTimeout(complete.ask, 80, event.target);
});
document.addEventListener("focusin", event => { if (event.target.matches?.("[data-complete]")) complete.ask(event.target); });
document.addEventListener("focusout", event => { if (event.target === complete.input) complete.close(); });
document.addEventListener("keydown", complete.key, true);
document.addEventListener("submit", complete.close);
