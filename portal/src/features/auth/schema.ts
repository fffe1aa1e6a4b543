import * as z from "zod/mini";
import { newPassword } from "@/lib/password";

/** As the API judges it, roughly: the API has the last word. */
export const email = z.string().check(
  z.minLength(1, "Enter your e-mail address."),
  z.regex(/^[^\s@]+@[^\s@]+\.[^\s@]+$/, "Enter a whole address, like ada@example.org."),
  z.maxLength(254, "This is too long for an address."),
);

export const loginSchema = z.object({ email, password: z.string().check(z.minLength(1, "Enter your password.")) });
export const signupSchema = z.object({
  name: z.string().check(z.trim(), z.maxLength(100, "Use at most 100 characters.")),
  email,
  password: newPassword,
});
export const forgotSchema = z.object({ email });
export const resetSchema = z.object({ password: newPassword });

/** The token of a mailed link. */
export const tokenSearch = z.object({ token: z.catch(z.optional(z.string()), undefined) });
