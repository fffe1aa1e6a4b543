import { ChevronRight } from "lucide-react";
import type { ReactNode } from "react";
import type { Event } from "@/api/events";
import { eventInWords } from "@/lib/wording";
import { JsonView } from "./json-view";
import { Moment } from "./time";

/** An event in a line, and all that was recorded of it when one opens it. */
export function EventRow({ event, aside }: { event: Event; /** Beside the line. */ aside?: ReactNode }) {
  return (
    <div className="relative">
      <details className="group">
        <summary className="flex list-none items-start gap-2.5 px-4 py-3 transition-colors hover:bg-hover focus-visible:-outline-offset-2 [&::-webkit-details-marker]:hidden">
          <ChevronRight aria-hidden className="mt-0.5 size-4 shrink-0 text-soft transition-transform group-open:rotate-90" />
          <span className="flex min-w-0 grow flex-wrap items-baseline gap-x-2.5">
            <span className="font-medium text-ink">{eventInWords(event.type)}</span>{" "}
            <code className="font-mono text-xs break-all text-soft">{event.type}</code>{" "}
            {/* On a phone below, in a line of its own. */}
            <span className="flex min-w-0 basis-full flex-wrap gap-x-2.5 text-[0.8125rem] text-soft sm:grow sm:basis-0 sm:justify-end">
              <span className="tabular-nums">#{event.position}</span> <Moment at={event.occurred_at} />
            </span>
          </span>
          {aside !== undefined && <span aria-hidden className="w-18 shrink-0" />}
        </summary>
        <div className="grid gap-3 px-4 pt-1 pb-4 sm:pl-10">
          <Part title="Data" value={event.data} of={event} />
          <Part title="Who and from where" value={event.metadata} of={event} />
          <p className="text-[0.8125rem] text-soft">
            {event.aggregate_type} <code className="font-mono text-xs break-all">{event.aggregate_id}</code>, event {event.sequence} of its
            own, version {event.version}
          </p>
        </div>
      </details>
      {/* Not inside the summary, which is a button already. */}
      {aside !== undefined && <div className="absolute top-1.75 right-4">{aside}</div>}
    </div>
  );
}

function Part({ title, value, of }: { title: string; value: unknown; of: Event }) {
  return (
    <div className="min-w-0">
      <p className="mb-1 text-[0.8125rem] text-soft">{title}</p>
      <JsonView label={`${title} of event ${of.position}`} value={value} />
    </div>
  );
}
