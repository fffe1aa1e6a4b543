import type { ComponentProps, ReactNode } from "react";
import { cn } from "@/lib/cn";

/** A sheet of paper on the canvas. */
export function Card({ className, ...rest }: ComponentProps<"div">) {
  return <div className={cn("rounded-xl border border-line bg-surface shadow-card", className)} {...rest} />;
}

/** A titled part of a page: what it is about, then what there is to see or do. */
export function Section({
  title,
  description,
  action,
  children,
  className,
}: {
  title: string;
  description?: ReactNode;
  /** Beside the title. */
  action?: ReactNode;
  children: ReactNode;
  className?: string;
}) {
  return (
    <section className={className}>
      <div className="mb-3 flex flex-wrap items-end justify-between gap-x-4 gap-y-2">
        <div className="max-w-prose">
          <h2 className="text-base font-semibold">{title}</h2>
          {description !== undefined && <p className="mt-0.5 text-soft">{description}</p>}
        </div>
        {action}
      </div>
      {children}
    </section>
  );
}
