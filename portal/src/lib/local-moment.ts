/** What `<input type="datetime-local" step="1">` wants: the moment on the reader's clock, "2026-11-23T14:05:12". */
export function toLocalInput(at: string | undefined): string {
  if (at === undefined) return "";
  const date = new Date(at);
  if (Number.isNaN(date.getTime())) return "";
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
}

/** The moment that was picked, in UTC; nothing for an empty or unfinished one. */
export function fromLocalInput(value: string): string | undefined {
  const date = new Date(value);
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString();
}
