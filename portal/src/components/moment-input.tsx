import { fromLocalInput, toLocalInput } from "@/lib/local-moment";
import { Field } from "./ui/field";
import { Input } from "./ui/input";

/** A moment on the reader's clock, to the second; empty: none. */
export function MomentInput({
  label,
  value,
  onChange,
  className,
}: {
  label: string;
  /** RFC 3339. */
  value: string | undefined;
  onChange: (at: string | undefined) => void;
  className?: string;
}) {
  return (
    <Field label={label} {...(className !== undefined && { className })}>
      <Input
        // Not controlled: a half-typed date has no value, and would be wiped while one types.
        key={value}
        type="datetime-local"
        step={1}
        defaultValue={toLocalInput(value)}
        // Its button for the calendar takes the focus by itself.
        className="focus-within:border-primary focus-within:outline-2 focus-within:-outline-offset-1 focus-within:outline-primary"
        onBlur={(event) => change(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === "Enter") change(event.currentTarget.value);
        }}
      />
    </Field>
  );

  function change(picked: string) {
    if (picked !== toLocalInput(value)) onChange(fromLocalInput(picked));
  }
}
