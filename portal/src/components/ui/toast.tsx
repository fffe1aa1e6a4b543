import { lazy, Suspense, useSyncExternalStore } from "react";
import { inWords } from "@/lib/problem";

/** Something to be said in passing. */
export interface ToastText {
  title: string;
  description?: string | undefined;
  failed: boolean;
}

let waiting: readonly ToastText[] = [];
const listeners = new Set<() => void>();

/** Says in passing that something is done. */
export function toast(title: string, description?: string): void {
  say({ title, description, failed: false });
}

/** Says that something did not work, for failures that have no place of their own. Stays until it is closed. */
export function toastError(title: string, error: unknown): void {
  say({ title, description: inWords(error), failed: true });
}

/** Where toasts appear; once, after everything. Its code is loaded with the first one. */
export function Toaster() {
  const needed = useSyncExternalStore(subscribe, () => waiting.length > 0) || loaded;
  return needed ? (
    <Suspense>
      <ToastRegion />
    </Suspense>
  ) : null;
}

let loaded = false;
const ToastRegion = lazy(async () => {
  const region = await import("./toast-region");
  loaded = true;
  return { default: region.ToastRegion };
});

/** What was said and isn't shown yet; each is taken once. */
export function takeToasts(): readonly ToastText[] {
  const taken = waiting;
  waiting = [];
  return taken;
}

/** Calls back when something was said. */
export function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function say(text: ToastText): void {
  waiting = [...waiting, text];
  listeners.forEach((listener) => listener());
}
