// Light, dark, or what the system prefers until one is chosen.
const theme = {
  current: () => document.documentElement.dataset.theme
    ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light"),
  choose(word) {
    document.documentElement.dataset.theme = word;
    document.cookie = `theme=${word}; Path=/; Max-Age=31536000; SameSite=Strict`;
  },
  toggle: () => theme.choose(theme.current() === "dark" ? "light" : "dark"),
};
$("form.theme")?.addEventListener("submit", event => {
  event.preventDefault();
  theme.choose(event.submitter?.value ?? "dark");
});
