import type { ComponentProps } from "react";

/** One of a few, each with a sentence about it. Radio buttons beneath, so arrows move between them. */
export function ChoiceCards({
  legend,
  options,
  ...radio
}: ComponentProps<"input"> & { legend: string; options: readonly { value: string; label: string; hint: string }[] }) {
  return (
    <fieldset>
      <legend className="mb-1.5 text-sm font-medium text-ink">{legend}</legend>
      <div className="grid gap-2">
        {options.map(({ value, label, hint }) => (
          <label
            key={value}
            className="flex cursor-pointer items-start gap-2.5 rounded-lg border border-field p-3 transition-colors hover:bg-hover has-checked:border-primary has-checked:bg-primary-soft has-focus-visible:outline-2 has-focus-visible:outline-offset-2 has-focus-visible:outline-primary"
          >
            <input type="radio" value={value} {...radio} className="mt-0.75 size-4 shrink-0 accent-primary outline-none" />
            <span>
              <span className="block font-medium text-ink">{label}</span>
              <span className="block text-[0.8125rem] leading-5 text-soft">{hint}</span>
            </span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}
