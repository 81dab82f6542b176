// Copies what a button holds.
const copy = async (text, word = "Copied") => {
  try {
    await navigator.clipboard.writeText(text);
    say(word);
  } catch {
    // Without a secure context there is no clipboard; a selected text can still be copied by hand.
    const area = make("textarea", "aside");
    area.value = text;
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    say(done ? word : "The browser does not allow copying here");
  }
};
onPage(() => { for (const button of $$("[data-copy], [data-copy-push]")) button.hidden = false; });
document.addEventListener("click", event => {
  const button = event.target.closest?.("[data-copy], [data-copy-push]");
  if (!button) return;
  const path = button.dataset.copyPush;
  const push = `curl -sS -H 'content-type: application/json' --data '{}' '${location.origin}${path}'`;
  copy(path ? push : button.dataset.copy, path ? "Command copied" : undefined);
});
