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
    const source = new EventSource("/ui/live");
    live.source = source;
    source.onopen = () => live.found();
    source.onerror = () => live.lose();
    for (const topic of ["state", "counts", "alerts"]) {
      source.addEventListener(topic, event => {
        live.heard = Date.now();
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
    if (live.tries) htmx.trigger(document.body, "cresset:state");
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
    live.badge("#badge-sources", state.failing);
    if (live.known && live.known !== JSON.stringify(state)) htmx.trigger(document.body, "cresset:state");
    live.known = JSON.stringify(state);
  },
  counts(counts) {
    live.badge("#badge-dead-letters", counts.dead_letters);
    if (live.stored !== undefined && counts.alerts > live.stored) live.alerts({ new: counts.alerts - live.stored });
    live.stored = counts.alerts ?? live.stored;
  },
  alerts(alerts) {
    live.fresh += alerts.new;
    live.badge("#badge-alerts", live.fresh);
    live.name();
    htmx.trigger(document.body, "cresset:alerts", { fresh: live.fresh });
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
document.addEventListener("visibilitychange", () => document.hidden ? live.close() : live.open());
addEventListener("pagehide", live.close);
addEventListener("pageshow", live.open);
onPage(() => { live.title = document.title.replace(/^\(\d+\) /, ""); live.dot(); live.lost(); });
setInterval(live.lost, 1000);
