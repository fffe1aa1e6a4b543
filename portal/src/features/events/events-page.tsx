import { useInfiniteQuery, useQuery, useQueryClient } from "@tanstack/react-query";
import { Activity } from "lucide-react";
import { type FormEvent, useId } from "react";
import { eventsQuery, eventsTailQuery } from "@/api/events";
import { EventRow } from "@/components/event-row";
import { LiveButton } from "@/components/live-button";
import { Page } from "@/components/page";
import { EmptyState, ErrorState } from "@/components/states";
import { Button } from "@/components/ui/button";
import { Card } from "@/components/ui/card";
import { Input } from "@/components/ui/input";
import { Loading, Skeleton } from "@/components/ui/skeleton";
import { inWords } from "@/lib/problem";

interface EventsProps {
  appId: string;
  /** The position to begin behind. */
  after: number;
  onAfter: (after: number) => void;
  /** Whether new events show up by themselves. */
  live: boolean;
  onLive: (live: boolean) => void;
}

/** The events of an application in the order in which they were committed. */
export function EventsPage({ appId, after, onAfter, live, onLive }: EventsProps) {
  const cache = useQueryClient();
  const feed = useInfiniteQuery(eventsQuery(appId, after));
  const tail = useQuery({ ...eventsTailQuery(cache, appId, after), enabled: live && feed.isSuccess });
  const events = feed.data?.pages.flatMap(({ data }) => data);
  const atEnd = feed.data?.pages.at(-1)?.next_cursor === null;
  return (
    <Page
      title="Events"
      description="Everything that happened, in the order in which it was committed."
      action={<LiveButton live={live} onLive={onLive} />}
    >
      <AfterForm key={after} after={after} onAfter={onAfter} />
      {live && tail.isError && (
        <p role="alert" className="mb-3 text-bad">
          Live view: {inWords(tail.error)}
        </p>
      )}
      {feed.isPending && (
        <Loading what="events">
          <Skeleton className="h-96" />
        </Loading>
      )}
      {feed.isError && events === undefined && <ErrorState error={feed.error} onRetry={() => void feed.refetch()} />}
      {events?.length === 0 && (
        <EmptyState icon={Activity} title={after === 0 ? "No events yet" : `Nothing after ${after} yet`}>
          What happens next shows up here.
        </EmptyState>
      )}
      {events !== undefined && events.length > 0 && (
        <Card>
          <ol aria-label="Events" className="divide-y divide-line">
            {events.map((event) => (
              <li key={event.position}>
                <EventRow event={event} />
              </li>
            ))}
          </ol>
        </Card>
      )}
      {events !== undefined && (
        <div className="mt-4 flex flex-wrap items-center gap-3">
          <Button busy={feed.isFetchingNextPage} onClick={() => void feed.fetchNextPage()}>
            {atEnd ? "Look for newer ones" : "Show more"}
          </Button>
          {atEnd && <p className="text-soft">These are all there are so far.</p>}
        </div>
      )}
    </Page>
  );
}

/** Where to begin. */
function AfterForm({ after, onAfter }: { after: number; onAfter: (after: number) => void }) {
  const id = useId();
  function go(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const wanted = Number(new FormData(event.currentTarget).get("after"));
    if (Number.isSafeInteger(wanted) && wanted >= 0) onAfter(wanted);
  }
  return (
    <form onSubmit={go} className="mb-4 flex flex-wrap items-center gap-2">
      <label htmlFor={id} className="text-soft">
        After position
      </label>
      <Input id={id} name="after" type="number" min={0} step={1} inputMode="numeric" defaultValue={after} className="w-32!" />
      <Button type="submit">Go</Button>
    </form>
  );
}
