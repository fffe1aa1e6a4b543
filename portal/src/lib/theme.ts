import { useSyncExternalStore } from "react";

/** What a person chose; `system` follows the device. */
export type Theme = "light" | "dark" | "system";

const KEY = "devauth.theme";
const listeners = new Set<() => void>();
const systemIsDark = window.matchMedia("(prefers-color-scheme: dark)");

/** The theme that was chosen, and how to choose another. It lives in this browser. */
export function useTheme(): [Theme, (theme: Theme) => void] {
  return [useSyncExternalStore(subscribe, chosen), choose];
}

/** Follows the device while nothing else is chosen, and other tabs. Called once, at the start. */
export function followTheme(): void {
  systemIsDark.addEventListener("change", apply);
  window.addEventListener("storage", (event) => {
    if (event.key === KEY) apply();
  });
}

function chosen(): Theme {
  try {
    const stored = localStorage.getItem(KEY);
    return stored === "light" || stored === "dark" ? stored : "system";
  } catch {
    return "system";
  }
}

function choose(theme: Theme): void {
  try {
    localStorage.setItem(KEY, theme);
  } catch {
    // Storage may be blocked: the choice then lasts until the page is closed.
  }
  apply();
}

function apply(): void {
  const theme = chosen();
  const dark = theme === "dark" || (theme === "system" && systemIsDark.matches);
  document.documentElement.dataset.theme = dark ? "dark" : "light";
  listeners.forEach((listener) => listener());
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
