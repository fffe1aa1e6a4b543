import { zodResolver } from "@hookform/resolvers/zod";
import { type FieldValues, type Path, useForm, type UseFormProps, type UseFormReturn } from "react-hook-form";
import type * as z from "zod/mini";
import { ApiError, inWords } from "./problem";

/**
 * A form that is checked by a schema: a field when one leaves it, from then on as one types, and all of it when it is sent.
 * A field that is left empty is not wrong yet.
 */
export function useZodForm<T extends FieldValues>(
  schema: z.ZodMiniType<T, T>,
  options: Omit<UseFormProps<T>, "resolver" | "mode">,
): UseFormReturn<T> {
  const form = useForm<T>({ ...options, resolver: zodResolver(schema), mode: "onTouched" });
  const register: UseFormReturn<T>["register"] = (name, rules) => {
    const field = form.register(name, rules);
    return {
      ...field,
      onBlur: async (event: { target: { value: unknown } }) => {
        if (event.target.value !== "") afterPress(() => void field.onBlur(event));
      },
    };
  };
  return { ...form, register };
}

let pressed = false;
window.addEventListener("pointerdown", () => (pressed = true), true);
window.addEventListener("pointerup", () => (pressed = false), true);
window.addEventListener("pointercancel", () => (pressed = false), true);

/** An error that appears moves what is below it: under a pressed button or link, so that the press would miss it. */
function afterPress(then: () => void): void {
  if (!pressed) then();
  else window.addEventListener("pointerup", () => setTimeout(then), { once: true });
}

/**
 * Puts what the server found wrong with a form beside the fields it names: `/password` → `password`,
 * `/settings/app_url` → `app_url` if the form has no `settings.app_url`. What belongs to no field of the form goes to `root`.
 *
 * @param rename names of the API that the form calls otherwise
 */
export function showProblem<T extends FieldValues>(
  form: UseFormReturn<T>,
  error: unknown,
  rename: Record<string, Path<T>> = {},
): void {
  const fields = error instanceof ApiError ? (error.problem.errors ?? []) : [];
  const placed = fields.filter(({ pointer, message }, index) => {
    const name = fieldOf(pointer, form, rename);
    if (name === undefined) return false;
    // Only the first field takes the focus, as when the form checks itself.
    form.setError(name, { type: "server", message: sentence(message) }, { shouldFocus: index === 0 });
    return true;
  });
  if (fields.length === 0) form.setError("root", { type: "server", message: inWords(error) });
  else if (placed.length < fields.length) {
    const others = fields.filter((field) => !placed.includes(field));
    form.setError("root", { type: "server", message: others.map(({ message }) => sentence(message)).join(" ") });
  }
}

function fieldOf<T extends FieldValues>(
  pointer: string,
  form: UseFormReturn<T>,
  rename: Record<string, Path<T>>,
): Path<T> | undefined {
  const parts = pointer.split("/").slice(1).map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
  const values = form.getValues();
  const named = parts.map((part) => rename[part] ?? part);
  return named.find((part) => part in values) as Path<T> | undefined;
}

/** "must be …" → "Must be …." */
function sentence(message: string): string {
  const capital = message.charAt(0).toUpperCase() + message.slice(1);
  return /[.!?]$/.test(capital) ? capital : `${capital}.`;
}
