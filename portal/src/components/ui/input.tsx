import type { ComponentProps } from "react";
import { cn } from "@/lib/cn";

const look =
  "w-full rounded-lg border border-field bg-surface px-3 text-ink shadow-card transition-colors hover:border-soft/60 focus:border-primary focus:outline-2 focus:-outline-offset-1 focus:outline-primary aria-invalid:border-bad aria-invalid:focus:outline-bad disabled:bg-sunken disabled:text-soft";

/** A line of text. 16 px on touch screens: below that, phones zoom in. */
export function Input({ className, ...rest }: ComponentProps<"input">) {
  return <input className={cn(look, "h-9 text-sm pointer-coarse:h-10 pointer-coarse:text-base", className)} {...rest} />;
}

/** Several lines of text. */
export function Textarea({ className, ...rest }: ComponentProps<"textarea">) {
  return <textarea className={cn(look, "min-h-20 py-2 text-sm pointer-coarse:text-base", className)} {...rest} />;
}

/** A choice of a few words; the browser's own, which every keyboard and phone knows. */
export function Select({ className, ...rest }: ComponentProps<"select">) {
  return (
    <select
      className={cn(
        look,
        "h-9 appearance-none bg-[url(/chevron.svg)] bg-[length:16px] bg-[right_10px_center] bg-no-repeat pr-9 text-sm pointer-coarse:h-10 pointer-coarse:text-base",
        className,
      )}
      {...rest}
    />
  );
}
