import type { FieldValues, Path, UseFormReturn } from "react-hook-form";
import { ApiError, inWords } from "./problem";

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
