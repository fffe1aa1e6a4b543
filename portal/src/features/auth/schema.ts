import { z } from "zod";

/** As the API judges it, roughly: the API has the last word. */
export const email = z
  .string()
  .min(1, "Enter your e-mail address.")
  .regex(/^[^\s@]+@[^\s@]+\.[^\s@]+$/, "Enter a whole address, like ada@example.org.")
  .max(254, "This is too long for an address.");

/** A new password. Whether it is hard to guess, the API says. */
export const newPassword = z
  .string()
  .refine((text) => length(text) >= 8, "Use at least 8 characters.")
  .refine((text) => length(text) <= 256, "Use at most 256 characters.");

export const loginSchema = z.object({ email, password: z.string().min(1, "Enter your password.") });
export const signupSchema = z.object({
  name: z.string().trim().max(100, "Use at most 100 characters."),
  email,
  password: newPassword,
});
export const forgotSchema = z.object({ email });
export const resetSchema = z.object({ password: newPassword });

/** The token of a mailed link. */
export const tokenSearch = z.object({ token: z.string().optional().catch(undefined) });

/** In code points, as the API counts. */
function length(text: string): number {
  return Array.from(text.normalize("NFC")).length;
}
