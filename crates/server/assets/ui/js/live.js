// One stream of events for this tab. Hidden it rests; lost it says so, dims what is old and tries again.
const live = {
  source: null,
  wanted: localStorage.getItem("live") !== "off",
  tries: 0,
  heard: Date.now(),
  fresh: 0,
  title: document.title,

  open() {
    if (live.source || document.hidden || !live.wanted) return;
    const source = new EventSource(live.last ? `/ui/live?after=${live.last}` : "/ui/live");
    live.source = source;
    source.onopen = () => live.found();
    source.onerror = () => live.lose();
    for (const topic of ["state", "counts", "alerts", "reload"]) {
      source.addEventListener(topic, event => {
        live.heard = Date.now();
        live.last = event.lastEventId || live.last;
        live[topic](JSON.parse(event.data));
      });
    }
  },
  close() {
    live.source?.close();
    live.source = null;
  },
  found() {
    live.heard = Date.now();
    if (live.tries) live.changed(0);
    live.tries = 0;
    $("#lost").hidden = true;
    document.body.classList.remove("stale");
    live.dot();
  },
  lose() {
    live.close();
    live.tries += 1;
    const wait = Math.min(30000, 1000 * 2 ** (live.tries - 1)) * (0.8 + Math.random() * 0.4);
    live.next = Date.now() + wait;
    document.body.classList.add("stale");
    live.dot();
    live.lost();
    clearTimeout(live.timer);
    live.timer = setTimeout(live.open, wait);
  },
  lost() {
    const bar = $("#lost");
    if (!bar || !live.tries) return;
    bar.hidden = false;
    $("[data-lost-age]", bar).textContent = clock.span(Date.now() - live.heard);
    $("[data-lost-next]", bar).textContent = clock.span(Math.max(0, live.next - Date.now()) + 999);
  },
  dot() {
    const dot = $("#live");
    if (!dot) return;
    dot.hidden = false;
    dot.classList.toggle("off", !live.wanted || live.tries > 0);
    $("span", dot).textContent = live.tries ? "Lost" : live.wanted ? "Live" : "Paused";
  },
  toggle() {
    live.wanted = !live.wanted;
    localStorage.setItem("live", live.wanted ? "on" : "off");
    if (live.wanted) live.open(); else live.close();
    live.dot();
    say(live.wanted ? "Live on" : "Live off");
  },

  // What the stream says.
  state(state) {
    const icon = $("#favicon");
    icon.href = icon.dataset[state.tone] ?? icon.dataset.ok;
    document.body.dataset.status = state.word;
    $("#chaos-chip").hidden = !state.chaos;
    live.badge("#badge-sources", state.failing);
    const now = JSON.stringify(state);
    if (live.known && live.known !== now) live.changed(300);
    live.known = now;
  },
  counts(counts) {
    live.badge("#badge-dead-letters", counts.dead_letters);
  },
  alerts(alerts) {
    live.fresh += alerts.new;
    live.badge("#badge-alerts", live.fresh);
    live.name();
    htmx.trigger(document.body, "cresset:alerts", { fresh: live.fresh, ...alerts });
    live.changed(4000);
  },
  reload() {
    htmx.trigger(document.body, "cresset:alerts", { fresh: live.fresh, new: 0, changed: 0 });
    live.changed(300);
  },
  /** Draws the page anew, soon; pages that hold still ask for their banners only. */
  changed(wait) {
    const due = Date.now() + wait;
    if (live.due && live.due <= due) return;
    live.due = due;
    clearTimeout(live.drawing);
    live.drawing = setTimeout(live.draw, wait);
  },
  draw() {
    live.due = 0;
    if (document.hidden) return;
    if (!$("main[data-live]")) { htmx.trigger(document.body, "cresset:state"); return; }
    // Never under the hand: not while somebody types, chooses, or has text selected.
    const busy = keys.typing(document.activeElement) || $("#main details[open]") || $(".brush") || String(getSelection());
    if (busy) {
      htmx.trigger(document.body, "cresset:state");
      live.changed(3000);
      return;
    }
    htmx.ajax("GET", location.pathname + location.search, { target: "#main", swap: "outerMorph" });
  },
  /** What is new has been seen. */
  seen() {
    live.fresh = 0;
    live.badge("#badge-alerts", 0);
    live.name();
  },
  badge(selector, count) {
    const badge = $(selector);
    if (!badge || count == null) return;
    badge.hidden = !count;
    badge.textContent = count > 999 ? "999+" : String(count);
  },
  name: () => { document.title = live.fresh ? `(${live.fresh}) ${live.title}` : live.title; },
};
document.addEventListener("visibilitychange", () => {
  if (document.hidden) { live.close(); return; }
  live.open();
  // Without an event heard there is none to go on from, and what came meanwhile is not told.
  if (live.wanted && !live.last) live.reload();
});
addEventListener("pagehide", live.close);
addEventListener("pageshow", live.open);
onPage(() => {
  live.dot();
  live.lost();
  // The title is set only after this.
  setTimeout(() => {
    live.title = document.title.replace(/^\(\d+\) /, "");
    live.name();
  });
});
setInterval(live.lost, 1000);
