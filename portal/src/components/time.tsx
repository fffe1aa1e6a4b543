import { useSyncExternalStore } from "react";
import { ago, moment } from "@/lib/time";

/** How long ago something was, kept true while one looks; the moment itself when one points at it. */
export function Time({ at }: { at: string }) {
  useSyncExternalStore(everyMinute, minute);
  return (
    <time dateTime={at} title={moment(at)} className="whitespace-nowrap">
      {ago(at)}
    </time>
  );
}

/** The moment itself, to the second, for lists where the order matters; to the microsecond when one points at it. */
export function Moment({ at }: { at: string }) {
  return (
    <time dateTime={at} title={at} className="whitespace-nowrap tabular-nums">
      {moment(at)}
    </time>
  );
}

function everyMinute(changed: () => void): () => void {
  const timer = setInterval(changed, 15_000);
  return () => clearInterval(timer);
}

function minute(): number {
  return Math.floor(Date.now() / 60_000);
}
