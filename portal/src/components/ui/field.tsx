import { useId, type ReactElement, type ReactNode, cloneElement } from "react";
import { cn } from "@/lib/cn";

interface ControlProps {
  id?: string;
  "aria-invalid"?: boolean;
  "aria-describedby"?: string;
}

/**
 * A labelled control with its hint and its error. The control is told which texts describe it, so that a screen reader reads
 * them with it.
 */
export function Field({
  label,
  hint,
  error,
  optional = false,
  aside,
  className,
  children,
}: {
  label: string;
  hint?: ReactNode;
  /** What is wrong with the value. */
  error?: string | undefined;
  /** Says so beside the label. What isn't marked is required. */
  optional?: boolean;
  /** Across from the label: a link, most likely. */
  aside?: ReactNode;
  className?: string;
  /** The control. */
  children: ReactElement<ControlProps>;
}) {
  const id = useId();
  const described = [hint !== undefined && `${id}-hint`, error !== undefined && `${id}-error`].filter(Boolean).join(" ");
  return (
    <div className={cn("min-w-0", className)}>
      <div className="mb-1.5 flex items-baseline justify-between gap-3">
        <label htmlFor={id} className="text-sm font-medium text-ink">
          {label}
          {optional && <span className="ml-1.5 font-normal text-soft">optional</span>}
        </label>
        {aside}
      </div>
      {cloneElement(children, {
        id,
        "aria-invalid": error !== undefined || undefined,
        "aria-describedby": described || undefined,
      })}
      {error !== undefined && (
        <p id={`${id}-error`} role="alert" className="mt-1.5 text-[0.8125rem] leading-5 text-bad">
          {error}
        </p>
      )}
      {hint !== undefined && (
        <p id={`${id}-hint`} className="mt-1.5 text-[0.8125rem] leading-5 text-soft">
          {hint}
        </p>
      )}
    </div>
  );
}

/** What is wrong with a form as a whole. */
export function FormError({ children }: { children: string | undefined }) {
  if (children === undefined) return null;
  return (
    <p role="alert" className="rounded-lg bg-bad-soft px-3.5 py-2.5 text-bad">
      {children}
    </p>
  );
}
