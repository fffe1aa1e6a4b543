import type { ComponentProps } from "react";
import { cn } from "@/lib/cn";

/** A table in a frame of its own, which scrolls sideways when it must, with the keyboard as well. */
export function Table({ label, className, ...rest }: ComponentProps<"table"> & { label: string }) {
  return (
    <div
      role="region"
      aria-label={label}
      tabIndex={0}
      className="relative overflow-x-auto rounded-xl border border-line bg-surface shadow-card"
    >
      <table className={cn("w-full border-collapse text-left", className)} {...rest} />
    </div>
  );
}

export function Th({ className, ...rest }: ComponentProps<"th">) {
  return (
    <th
      scope="col"
      className={cn("h-10 border-b border-line px-4 text-xs font-medium whitespace-nowrap text-soft", className)}
      {...rest}
    />
  );
}

export function Tr({ className, ...rest }: ComponentProps<"tr">) {
  return <tr className={cn("border-b border-line last:border-0", className)} {...rest} />;
}

export function Td({ className, ...rest }: ComponentProps<"td">) {
  return <td className={cn("h-13 px-4 py-2 align-middle", className)} {...rest} />;
}
