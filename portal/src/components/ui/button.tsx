import { cva, type VariantProps } from "class-variance-authority";
import type { ComponentProps } from "react";
import { cn } from "@/lib/cn";
import { Spinner } from "./spinner";

/** The looks of a button, for links that look like one. */
export const buttonLook = cva(
  "inline-flex shrink-0 items-center justify-center gap-1.5 rounded-lg font-medium whitespace-nowrap select-none transition-colors disabled:opacity-55 [&_svg]:size-4 [&_svg]:shrink-0",
  {
    variants: {
      look: {
        primary: "bg-primary text-on-primary hover:bg-primary-hover",
        secondary: "border border-field bg-surface text-ink shadow-card hover:bg-hover",
        ghost: "text-text hover:bg-hover hover:text-ink",
        danger: "bg-bad text-on-bad hover:bg-bad-hover",
        "danger-quiet": "border border-field bg-surface text-bad shadow-card hover:bg-bad-soft",
      },
      size: {
        // On a touch screen 40 px, so that a thumb finds it.
        medium: "h-9 px-3.5 text-sm pointer-coarse:h-10",
        small: "h-8 px-2.5 text-[0.8125rem] pointer-coarse:h-9",
        icon: "size-8 pointer-coarse:size-10",
      },
    },
    defaultVariants: { look: "secondary", size: "medium" },
  },
);

interface ButtonProps extends ComponentProps<"button">, VariantProps<typeof buttonLook> {
  /** What it started is under way: it spins, and another press does nothing. */
  busy?: boolean;
}

/** A button; of type `button` unless it says otherwise, so that none submits a form by accident. */
export function Button({ look, size, busy = false, className, children, onClick, ...rest }: ButtonProps) {
  return (
    <button
      type="button"
      aria-busy={busy || undefined}
      aria-disabled={busy || undefined}
      onClick={busy ? (event) => event.preventDefault() : onClick}
      className={cn(buttonLook({ look, size }), busy && "cursor-progress opacity-75", className)}
      {...rest}
    >
      {busy && <Spinner />}
      {children}
    </button>
  );
}
