// Drag over a chart to see a part of its time.
const brush = {
  start(event) {
    const plot = event.target.closest?.("[data-brush] .plot");
    if (!plot || event.button !== 0) return;
    const figure = plot.closest("[data-brush]"), box = plot.getBoundingClientRect();
    const share = e => Math.min(1, Math.max(0, (e.clientX - box.left) / box.width));
    const from = Date.parse(figure.dataset.from), to = Date.parse(figure.dataset.to);
    const at = part => new Date(from + (to - from) * part);
    const first = share(event);
    let area, last = first;
    const move = e => {
      last = share(e);
      if (!area && Math.abs(last - first) * box.width < 5) return;
      if (!area) {
        area = make("div", "brush", make("span"));
        plot.append(area);
      }
      const [a, b] = [Math.min(first, last), Math.max(first, last)];
      area.style.left = `${a * 100}%`;
      area.style.right = `${(1 - b) * 100}%`;
      const time = date => date.toISOString().slice(11, 16);
      area.firstChild.textContent = `${time(at(a))} – ${time(at(b))} UTC`;
      e.preventDefault();
    };
    const end = () => {
      removeEventListener("pointermove", move);
      removeEventListener("pointerup", end);
      removeEventListener("pointercancel", end);
      if (!area) return;
      // The click that ends the drag must not follow the bar under it.
      addEventListener("click", e => { e.preventDefault(); e.stopPropagation(); }, { capture: true, once: true });
      setTimeout(() => area.remove(), 400);
      const address = new URL(location.href);
      const second = date => date.toISOString().slice(0, 19) + "Z";
      address.searchParams.delete("hours");
      address.searchParams.set("from", second(at(Math.min(first, last))));
      address.searchParams.set("to", second(at(Math.max(first, last))));
      show(address.pathname + address.search);
    };
    addEventListener("pointermove", move);
    addEventListener("pointerup", end);
    addEventListener("pointercancel", end);
  },
};
document.addEventListener("pointerdown", brush.start);
document.addEventListener("dragstart", event => { if (event.target.closest?.("[data-brush]")) event.preventDefault(); });
