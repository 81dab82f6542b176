// Keeps "12 s ago" and "next in 3 s" true. The server's clock counts, not this machine's.
const clock = {
  ahead: Number(document.body.dataset.now) - Date.now(),
  now: () => Date.now() + clock.ahead,
  /** The words of the server: at most two units. */
  span(ms) {
    const s = Math.max(0, Math.floor(ms / 1000));
    const pair = (a, x, b, y) => b ? `${a} ${x} ${b} ${y}` : `${a} ${x}`;
    if (s < 60) return `${s} s`;
    if (s < 3600) return `${Math.floor(s / 60)} min`;
    if (s < 86400) return pair(Math.floor(s / 3600), "h", Math.floor(s / 60) % 60, "min");
    return pair(Math.floor(s / 86400), "d", Math.floor(s / 3600) % 24, "h");
  },
  brief(ms) {
    const s = Math.max(0, Math.floor(ms / 1000));
    if (s < 60) return `${s} s`;
    if (s < 3600) return `${Math.floor(s / 60)} m`;
    return s < 86400 ? `${Math.floor(s / 3600)} h` : `${Math.floor(s / 86400)} d`;
  },
  tick() {
    if (document.hidden) return;
    const now = clock.now();
    const set = (element, text) => { if (element.textContent !== text) element.textContent = text; };
    for (const e of $$("time[data-ago]")) {
      const past = now - Date.parse(e.dateTime);
      set(e, past < 1000 ? "just now" : `${clock.span(past)} ago`);
    }
    for (const e of $$("time[data-brief]")) set(e, clock.brief(now - Date.parse(e.dateTime)));
    for (const e of $$("[data-lag]")) set(e, clock.span(now - Date.parse(e.dataset.lag)));
    // Rounded up, so that a countdown of three seconds begins with a three.
    for (const e of $$("time[data-until]")) set(e, clock.span(Date.parse(e.dateTime) - now + 999));
  },
};
setInterval(clock.tick, 1000);
document.addEventListener("visibilitychange", clock.tick);
