import { CircleCheck, Link2Off, type LucideIcon } from "lucide-react";
import type { ReactNode } from "react";
import { cn } from "@/lib/cn";
import { useTitle } from "@/components/page";
import { Card } from "@/components/ui/card";

/** What came of a mailed link. */
export function LinkOutcome({ good, title, children, action }: { good: boolean; title: string; children: ReactNode; action: ReactNode }) {
  useTitle(title);
  const Icon: LucideIcon = good ? CircleCheck : Link2Off;
  return (
    <Card className="p-6 text-center sm:p-8">
      <div
        className={cn(
          "mx-auto mb-4 grid size-11 place-items-center rounded-full",
          good ? "bg-good-soft text-good" : "bg-bad-soft text-bad",
        )}
      >
        <Icon aria-hidden className="size-5.5" />
      </div>
      <div role="status">
        <h1 className="text-xl font-semibold tracking-tight">{title}</h1>
        <p className="mt-1 text-soft">{children}</p>
      </div>
      <div className="mt-6 grid">{action}</div>
    </Card>
  );
}
