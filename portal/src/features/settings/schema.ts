import * as z from "zod/mini";

export const generalSchema = z.object({
  name: z.string().check(z.trim(), z.minLength(1, "It needs a name."), z.maxLength(100, "Use at most 100 characters.")),
});

export const urlsSchema = z.object({
  /** Empty: mailed links lead to DevAuth's own pages. */
  app_url: z.string().check(
    z.trim(),
    z.refine((text) => text === "" || isHttpUrl(text), "Enter a whole address, like https://app.example.com."),
  ),
  /** One a line. */
  allowed_origins: z.string().check(
    z.refine((text) => lines(text).length <= 50, "At most 50 origins."),
    z.refine(
      (text) => lines(text).every(isOrigin),
      "Each line is an origin as browsers send it: https://app.example.com, without a path or a slash at the end.",
    ),
  ),
});

export const signupSchema = z.object({
  require_verified_email: z.boolean(),
  signup_mode: z.enum(["open", "strict"]),
});

export const passwordsSchema = z.object({
  password_min_length: wholeNumber(8, 64),
  password_min_strength: z.enum(["0", "1", "2", "3", "4"]),
});

export const UNITS = { seconds: 1, minutes: 60, hours: 3_600, days: 86_400 } as const;
export type Unit = keyof typeof UNITS;

export const sessionsSchema = z
  .object({
    /** Empty: as the service has it. */
    length: z.string().check(z.trim(), z.regex(/^\d{0,8}$/, "Enter a whole number, or nothing.")),
    unit: z.enum(["seconds", "minutes", "hours", "days"]),
  })
  .check(
    z.refine(({ length, unit }) => length === "" || inRange(Number(length) * UNITS[unit]), {
      path: ["length"],
      error: "Between 1 second and 365 days.",
    }),
  );

/** The lines that have something on them. */
export function lines(text: string): string[] {
  return text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
}

/** `604800` → 7 days: the largest unit that fits evenly. */
export function inUnits(seconds: number): { length: string; unit: Unit } {
  const unit = (["days", "hours", "minutes"] as const).find((unit) => seconds % UNITS[unit] === 0) ?? "seconds";
  return { length: String(seconds / UNITS[unit]), unit };
}

function wholeNumber(least: number, most: number) {
  return z.string().check(
    z.trim(),
    z.refine((text) => /^\d+$/.test(text) && Number(text) >= least && Number(text) <= most, `A whole number from ${least} to ${most}.`),
  );
}

function inRange(seconds: number): boolean {
  return seconds >= 1 && seconds <= 31_536_000;
}

function isHttpUrl(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
}

function isOrigin(text: string): boolean {
  return isHttpUrl(text) && new URL(text).origin === text;
}
