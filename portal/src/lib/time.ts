const UNITS: [Intl.RelativeTimeFormatUnit, number][] = [
  ["year", 31_536_000],
  ["month", 2_592_000],
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
];
const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
const exact = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "medium" });
const day = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", timeZone: "UTC" });
const date = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric" });

/** "3 minutes ago"; under a minute "just now". */
export function ago(at: string, now = Date.now()): string {
  const seconds = (Date.parse(at) - now) / 1000;
  const [unit, length] = UNITS.find(([, length]) => Math.abs(seconds) >= length) ?? ["second", 1];
  return unit === "second" ? "just now" : relative.format(Math.trunc(seconds / length), unit);
}

/** A moment to the second, in the reader's own time zone: "23 Nov 2026, 14:05:12". */
export function moment(at: string): string {
  return exact.format(new Date(at));
}

/** A day of the reader's calendar: "23 Nov 2026". */
export function dateOf(at: string): string {
  return date.format(new Date(at));
}

/** A day of a statistic, which counts in UTC: "23 Nov". */
export function dayOf(isoDate: string): string {
  return day.format(new Date(`${isoDate}T00:00:00Z`));
}

/** `604800` → "7 days". */
export function lifetime(seconds: number): string {
  const [unit, length] = UNITS.slice(2).find(([, length]) => seconds % length === 0) ?? ["second", 1];
  const count = seconds / length;
  return `${count} ${unit}${count === 1 ? "" : "s"}`;
}
