const whole = new Intl.NumberFormat("en");
const compact = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });

/** "1,234" */
export function count(value: number): string {
  return whole.format(value);
}

/** "1,234", and from ten thousand on "12.3K": for places that are small. */
export function short(value: number): string {
  return value < 10_000 ? whole.format(value) : compact.format(value);
}

/** "1 user", "2 users" */
export function plural(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}
