import { useInfiniteQuery, useQuery, useQueryClient } from "@tanstack/react-query";
import { ScrollText } from "lucide-react";
import { type AuditFilters, auditLogQuery, auditTailQuery } from "@/api/audit-log";
import { LiveButton } from "@/components/live-button";
import { Page } from "@/components/page";
import { EmptyState, ErrorState } from "@/components/states";
import { Button } from "@/components/ui/button";
import { Card } from "@/components/ui/card";
import { Loading, Skeleton } from "@/components/ui/skeleton";
import { inWords } from "@/lib/problem";
import { AuditEntryRow } from "./audit-entry-row";
import { Filters } from "./filters";

interface AuditLogProps {
  appId: string;
  filters: AuditFilters;
  onFilters: (filters: AuditFilters) => void;
  /** Whether new entries show up by themselves. */
  live: boolean;
  onLive: (live: boolean) => void;
}

/** Who did what in an application, newest first. */
export function AuditLogPage({ appId, filters, onFilters, live, onLive }: AuditLogProps) {
  const cache = useQueryClient();
  const log = useInfiniteQuery(auditLogQuery(appId, filters));
  const tail = useQuery({ ...auditTailQuery(cache, appId, filters), enabled: live && log.isSuccess });
  const entries = log.data?.pages.flatMap(({ data }) => data);
  const filtered = Object.values(filters).some((value) => value !== undefined);
  return (
    <Page
      title="Audit log"
      description="Who did what, from where, newest first."
      action={<LiveButton live={live} onLive={onLive} />}
    >
      <Filters appId={appId} filters={filters} onFilters={onFilters} />
      {live && tail.isError && (
        <p role="alert" className="mb-3 text-bad">
          Live view: {inWords(tail.error)}
        </p>
      )}
      {log.isPending && (
        <Loading what="the audit log">
          <Skeleton className="h-96" />
        </Loading>
      )}
      {log.isError && entries === undefined && <ErrorState error={log.error} onRetry={() => void log.refetch()} />}
      {entries?.length === 0 && (
        <EmptyState
          icon={ScrollText}
          title={filtered ? "Nothing matches" : "Nothing happened yet"}
          action={filtered ? <Button onClick={() => onFilters({})}>Clear the filters</Button> : undefined}
        >
          {filtered ? "No entry fits all of these filters." : "Signups, logins and every change show up here."}
        </EmptyState>
      )}
      {entries !== undefined && entries.length > 0 && (
        <>
          <Card>
            <ul aria-label="Audit log" className="divide-y divide-line">
              {entries.map((entry) => (
                <li key={entry.id}>
                  <AuditEntryRow entry={entry} onUser={(user_id) => onFilters({ ...filters, user_id })} />
                </li>
              ))}
            </ul>
          </Card>
          {log.hasNextPage ? (
            <Button className="mt-4" busy={log.isFetchingNextPage} onClick={() => void log.fetchNextPage()}>
              Show older
            </Button>
          ) : (
            <p className="mt-4 text-soft">That is all.</p>
          )}
        </>
      )}
    </Page>
  );
}
