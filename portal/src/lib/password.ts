import * as z from "zod/mini";

/** A new password. Whether it is hard to guess, the API says. */
export const newPassword = z.string().check(
  z.refine((text) => length(text) >= 8, "Use at least 8 characters."),
  z.refine((text) => length(text) <= 256, "Use at most 256 characters."),
);

/** What to say beside the field before anything is wrong. */
export const PASSWORD_HINT = "At least 8 characters. A few unrelated words are good.";

/** In code points, as the API counts. */
function length(text: string): number {
  return Array.from(text.normalize("NFC")).length;
}
