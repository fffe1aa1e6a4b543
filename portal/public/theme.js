// Sets the theme before the first paint. src/lib/theme.ts changes it later; both agree on the key and the attribute.
(function () {
  var chosen = null;
  try {
    chosen = localStorage.getItem("devauth.theme");
  } catch {
    // Storage may be blocked: then the system decides.
  }
  var dark = chosen === "dark" || (chosen !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.dataset.theme = dark ? "dark" : "light";
})();
