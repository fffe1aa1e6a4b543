import { cn } from "@/lib/cn";

/** The mark and the name. */
export function Logo({ className }: { className?: string }) {
  return (
    <span className={cn("inline-flex items-center gap-2 text-[0.9375rem] font-semibold tracking-tight text-ink", className)}>
      <svg viewBox="0 0 32 32" aria-hidden className="size-6">
        <rect width="32" height="32" rx="8" className="fill-primary" />
        <path d="M10 8h6a8 8 0 0 1 0 16h-6z" fill="none" strokeWidth="3" strokeLinejoin="round" className="stroke-on-primary" />
        <circle cx="15.5" cy="16" r="2.4" className="fill-on-primary" />
      </svg>
      DevAuth
    </span>
  );
}
