import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { ScrollText } from "lucide-react";
import { useState } from "react";
import type { Event } from "@/api/events";
import { historyQuery } from "@/api/users";
import { EventRow } from "@/components/event-row";
import { ErrorState } from "@/components/states";
import { Moment } from "@/components/time";
import { Button, buttonLook } from "@/components/ui/button";
import { Card, Section } from "@/components/ui/card";
import { Loading, Skeleton } from "@/components/ui/skeleton";
import { cn } from "@/lib/cn";
import { compareMoments, momentsOf } from "@/lib/moments";
import { plural } from "@/lib/number";
import { MomentPicker } from "./moment-picker";
import { UserThen } from "./user-details";

/** Events shown before one asks for the earlier ones. */
const SHOWN = 50;

interface HistoryProps {
  appId: string;
  userId: string;
  at: string | undefined;
  onAt: (at: string | undefined) => void;
}

/** Every event of a user in order, and who they were at any moment. */
export function History({ appId, userId, at, onAt }: HistoryProps) {
  const all = useQuery(historyQuery(appId, userId));
  const then = useQuery({ ...historyQuery(appId, userId, at), placeholderData: keepPreviousData });
  return (
    <Section
      title="History"
      description="Every event in order. Move through time to see who they were at any moment."
      action={
        <Link
          to="/applications/$appId/audit-log"
          params={{ appId }}
          search={{ user_id: userId }}
          className={buttonLook({ size: "small" })}
        >
          <ScrollText aria-hidden /> Audit log of this user
        </Link>
      }
    >
      {all.isPending && (
        <Loading what="the history">
          <Skeleton className="h-72" />
        </Loading>
      )}
      {all.isError && all.data === undefined && <ErrorState error={all.error} onRetry={() => void all.refetch()} />}
      {all.data !== undefined && (
        <div className="grid grid-cols-[minmax(0,1fr)] gap-4">
          <Card className="p-4 sm:p-5">
            <MomentPicker moments={momentsOf(all.data.data)} at={at} onAt={onAt} />
            <div className="mt-4 border-t border-line pt-4" aria-busy={then.isPlaceholderData} data-testid="state">
              {then.isError ? (
                <ErrorState error={then.error} onRetry={() => void then.refetch()} />
              ) : (
                then.data !== undefined && <Then state={then.data.state} events={then.data.data} />
              )}
            </div>
          </Card>
          <Events events={all.data.data} at={at} onAt={onAt} />
        </div>
      )}
    </Section>
  );
}

function Then({ state, events }: { state: Parameters<typeof UserThen>[0]["user"] | null; events: readonly Event[] }) {
  if (state !== null) return <UserThen user={state} />;
  return <p className="text-soft">{events.length === 0 ? "They had not signed up yet." : "They were erased by then: nothing is left of who they were."}</p>;
}

function Events({ events, at, onAt }: { events: readonly Event[]; at: string | undefined; onAt: (at: string) => void }) {
  const [earlier, setEarlier] = useState(false);
  const hidden = earlier ? 0 : Math.max(0, events.length - SHOWN);
  return (
    <div>
      {hidden > 0 && (
        <Button size="small" className="mb-3" onClick={() => setEarlier(true)}>
          Show {plural(hidden, "earlier event")}
        </Button>
      )}
      <Card>
        <ol aria-label="Events" className="divide-y divide-line">
          {events.slice(hidden).map((event) => {
            const later = at !== undefined && compareMoments(event.occurred_at, at) > 0;
            return (
              <li key={event.position} className={cn(later && "bg-sunken")} data-later={later || undefined}>
                <EventRow
                  event={event}
                  aside={
                    <Button
                      look="ghost"
                      size="small"
                      aria-label={`Go to event ${event.position}`}
                      aria-pressed={event.occurred_at === at}
                      className="aria-pressed:bg-primary-soft aria-pressed:text-primary"
                      onClick={() => onAt(event.occurred_at)}
                    >
                      Go to
                    </Button>
                  }
                />
              </li>
            );
          })}
        </ol>
      </Card>
      {at !== undefined && (
        <p className="mt-2 text-[0.8125rem] text-soft">
          Shaded events came after <Moment at={at} />.
        </p>
      )}
    </div>
  );
}
