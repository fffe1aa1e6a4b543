import type { LucideIcon } from "lucide-react";
import { CloudOff, SearchX } from "lucide-react";
import type { ReactNode } from "react";
import { inWords, isNotFound } from "@/lib/problem";
import { cn } from "@/lib/cn";
import { Button } from "./ui/button";

/** Nothing is there yet, or nothing was found: what that means and what to do about it. */
export function EmptyState({
  icon: Icon,
  title,
  children,
  action,
  className,
}: {
  icon: LucideIcon;
  title: string;
  children?: ReactNode;
  action?: ReactNode;
  className?: string;
}) {
  return (
    <div
      className={cn(
        "flex flex-col items-center rounded-xl border border-dashed border-field px-6 py-14 text-center",
        className,
      )}
    >
      <div className="mb-4 grid size-11 place-items-center rounded-xl bg-sunken text-soft">
        <Icon aria-hidden className="size-5" />
      </div>
      <h2 className="text-base font-semibold">{title}</h2>
      {children !== undefined && <div className="mt-1 max-w-sm text-soft">{children}</div>}
      {action !== undefined && <div className="mt-5">{action}</div>}
    </div>
  );
}

/** Something could not be read. */
export function ErrorState({ error, onRetry }: { error: unknown; onRetry: () => void }) {
  if (isNotFound(error)) {
    return (
      <EmptyState icon={SearchX} title="Not found">
        It is not there any more, or it is not yours.
      </EmptyState>
    );
  }
  return (
    <div role="alert">
      <EmptyState icon={CloudOff} title="This could not be loaded" action={<Button onClick={onRetry}>Try again</Button>}>
        {inWords(error)}
      </EmptyState>
    </div>
  );
}
