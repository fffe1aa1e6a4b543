import type { ReactNode } from "react";
import { cn } from "@/lib/cn";

/** Holds the place of something that is loading, in its shape. */
export function Skeleton({ className }: { className?: string }) {
  return <span aria-hidden className={cn("block animate-pulse rounded-lg bg-line", className)} />;
}

/** Says once, to those who can't see the shapes, that something is loading. */
export function Loading({ what, children }: { what: string; children: ReactNode }) {
  return (
    <div role="status" aria-label={`Loading ${what}`}>
      {children}
    </div>
  );
}
