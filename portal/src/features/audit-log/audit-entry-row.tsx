import { Link } from "@tanstack/react-router";
import { ChevronRight } from "lucide-react";
import type { ReactNode } from "react";
import type { AuditEntry } from "@/api/audit-log";
import { Moment } from "@/components/time";
import { Badge } from "@/components/ui/badge";
import { Button } from "@/components/ui/button";
import { plural } from "@/lib/number";
import { sentence } from "@/lib/wording";

const BAD = ["login_failed", "locked", "refresh_reused", "user_suspended", "user_erased"];

/** An entry in a line, and all that is known of it when one opens it. */
export function AuditEntryRow({ entry, onUser }: { entry: AuditEntry; onUser: (userId: string) => void }) {
  return (
    <details className="group">
      <summary className="flex list-none items-start gap-2.5 px-4 py-3 transition-colors hover:bg-hover focus-visible:-outline-offset-2 [&::-webkit-details-marker]:hidden">
        <ChevronRight aria-hidden className="mt-0.5 size-4 shrink-0 text-soft transition-transform group-open:rotate-90" />
        <span className="flex min-w-0 grow flex-wrap items-center gap-x-2.5 gap-y-1">
          <Badge tone={BAD.includes(entry.action) ? "bad" : "neutral"}>{sentence(entry.action)}</Badge>
          {entry.reason !== null && <span className="text-[0.8125rem] text-bad">{sentence(entry.reason).toLowerCase()}</span>}
          {entry.suppressed !== undefined && <span className="text-[0.8125rem] text-soft">and {plural(entry.suppressed, "more like it", "more like it")}</span>}
          {/* On a phone below, in a line of its own. */}
          <span className="flex min-w-0 basis-full flex-wrap items-center gap-x-2.5 text-[0.8125rem] text-soft sm:grow sm:basis-0">
            <span>by {entry.actor.type}</span>
            {entry.client_address !== null && <span className="font-mono text-xs break-all">{entry.client_address}</span>}
            {entry.user_id !== null && <code className="hidden font-mono text-xs xl:inline">{entry.user_id}</code>}
            <span className="sm:ml-auto">
              <Moment at={entry.occurred_at} />
            </span>
          </span>
        </span>
      </summary>
      <dl className="grid gap-x-6 gap-y-3 px-4 pt-1 pb-4 sm:grid-cols-2 sm:pl-10">
        {entry.user_id !== null && (
          <Fact label="User">
            <Link
              to="/applications/$appId/users/$userId"
              params={{ appId: entry.app_id, userId: entry.user_id }}
              className="font-mono text-[0.8125rem] break-all text-primary underline underline-offset-2"
            >
              {entry.user_id}
            </Link>{" "}
            <Button size="small" look="ghost" onClick={() => entry.user_id !== null && onUser(entry.user_id)}>
              Only this user
            </Button>
          </Fact>
        )}
        <Fact label="Done by">
          {entry.actor.type} {entry.actor.id !== null && <code className="font-mono text-[0.8125rem] break-all">{entry.actor.id}</code>}
        </Fact>
        <Fact label="Client">
          <bdi className="break-all">{entry.user_agent ?? "not known"}</bdi>
        </Fact>
        <Fact label="Request">
          <code className="font-mono text-[0.8125rem] break-all">{entry.request_id ?? "none"}</code>
        </Fact>
      </dl>
    </details>
  );
}

function Fact({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div className="min-w-0">
      <dt className="text-[0.8125rem] text-soft">{label}</dt>
      <dd className="mt-0.5 text-ink">{children}</dd>
    </div>
  );
}
