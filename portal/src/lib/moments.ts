/** The moments at which something happened, earlier ones first, each once. Takes them in commit order. */
export function momentsOf(events: readonly { occurred_at: string }[]): string[] {
  return [...new Set(events.map(({ occurred_at }) => occurred_at))].sort(compareMoments);
}

/** Which of the moments is the last by `at`; -1 before all of them. */
export function lastBy(moments: readonly string[], at: string): number {
  return moments.findLastIndex((moment) => compareMoments(moment, at) <= 0);
}

/** Compares two RFC 3339 times to the microsecond, which a `Date` can't hold. */
export function compareMoments(one: string, other: string): number {
  return Date.parse(one) - Date.parse(other) || microseconds(one) - microseconds(other);
}

/** The digits of a fraction of a second behind the milliseconds. */
function microseconds(at: string): number {
  const digits = /\.(\d+)/.exec(at)?.[1] ?? "";
  return Number(digits.slice(3, 9).padEnd(6, "0"));
}
