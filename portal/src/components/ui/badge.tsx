import { cva, type VariantProps } from "class-variance-authority";
import type { ReactNode } from "react";
import { cn } from "@/lib/cn";

const look = cva("inline-flex h-5.5 items-center gap-1.5 rounded-full px-2 text-xs font-medium whitespace-nowrap", {
  variants: {
    tone: {
      neutral: "bg-sunken text-text",
      primary: "bg-primary-soft text-primary",
      good: "bg-good-soft text-good",
      warn: "bg-warn-soft text-warn",
      bad: "bg-bad-soft text-bad",
    },
  },
  defaultVariants: { tone: "neutral" },
});

/** A state in a word. The word says it; the colour only repeats it. */
export function Badge({ tone, className, children }: VariantProps<typeof look> & { className?: string; children: ReactNode }) {
  return <span className={cn(look({ tone }), className)}>{children}</span>;
}
