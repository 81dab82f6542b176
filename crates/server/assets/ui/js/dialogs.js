// The palette: where to go and what to do, by name; whatever else is typed is a query.
const palette = {
  dialog: $("#palette"),
  chosen: 0,
  commands: () => [
    ...$$(".nav a[data-key]").map(link => ({ name: link.querySelector("span").textContent, hint: `G ${link.dataset.key.toUpperCase()}`, run: () => location.assign(link.href) })),
    { name: "Trigger sync now", hint: "Action", run: () => htmx.ajax("POST", "/ui/sync", { target: "#main", swap: "outerMorph" }) },
    { name: "Change the theme", hint: "T", run: theme.toggle },
    { name: "Copy the link to this view", hint: "Y", run: () => keys.link() },
    { name: live.wanted ? "Pause the live stream" : "Resume the live stream", hint: "L", run: live.toggle },
    { name: "Keyboard", hint: "?", run: () => $("#help").showModal() },
    { name: "API reference", hint: "/docs", run: () => location.assign("/docs") },
    ...(window.cressetCommands ?? []),
  ],
  open(text = "") {
    const input = $("input", palette.dialog);
    input.value = text;
    palette.chosen = 0;
    palette.list();
    palette.dialog.showModal();
    input.focus();
  },
  found() {
    const text = $("input", palette.dialog).value.trim();
    const low = text.toLowerCase();
    const commands = palette.commands().filter(c => !low || c.name.toLowerCase().includes(low));
    if (!text) return commands;
    const query = { name: `Alerts matching ${text}`, hint: "Enter", run: () => location.assign(`/ui/alerts?q=${encodeURIComponent(text)}`) };
    return [...commands.slice(0, 6), query];
  },
  list() {
    const found = palette.found();
    palette.chosen = Math.max(0, Math.min(palette.chosen, found.length - 1));
    const list = $("#palette-list");
    list.replaceChildren(...found.map((command, index) => {
      const item = make("li", index === palette.chosen ? "on" : "", make("span", "clip", command.name), make("span", "muted right", command.hint));
      item.setAttribute("role", "option");
      item.id = `palette-${index}`;
      item.setAttribute("aria-selected", String(index === palette.chosen));
      item.addEventListener("click", () => palette.run(command));
      return item;
    }));
    $("input", palette.dialog).setAttribute("aria-activedescendant", `palette-${palette.chosen}`);
    list.children[palette.chosen]?.scrollIntoView({ block: "nearest" });
  },
  run(command) {
    palette.dialog.close();
    command?.run();
  },
};
palette.dialog.addEventListener("input", () => { palette.chosen = 0; palette.list(); });
palette.dialog.addEventListener("submit", event => { event.preventDefault(); palette.run(palette.found()[palette.chosen]); });
palette.dialog.addEventListener("keydown", event => {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step) return;
  event.preventDefault();
  palette.chosen += step;
  palette.list();
});
// A click on what lies behind a dialog closes it.
for (const dialog of $$("dialog")) dialog.addEventListener("click", event => { if (event.target === dialog) dialog.close(); });
