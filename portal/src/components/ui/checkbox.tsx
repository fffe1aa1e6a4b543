import type { ComponentProps, ReactNode } from "react";

/** Something that is so or isn't, with what it means below. */
export function Checkbox({ label, hint, ...rest }: ComponentProps<"input"> & { label: string; hint?: ReactNode }) {
  return (
    <label className="flex items-start gap-2.5">
      <input type="checkbox" className="mt-0.75 size-4 shrink-0 accent-primary" {...rest} />
      <span>
        <span className="block font-medium text-ink">{label}</span>
        {hint !== undefined && <span className="block text-[0.8125rem] leading-5 text-soft">{hint}</span>}
      </span>
    </label>
  );
}
