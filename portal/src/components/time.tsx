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

function everyMinute(changed: () => void): () => void {
  const timer = setInterval(changed, 15_000);
  return () => clearInterval(timer);
}

function minute(): number {
  return Math.floor(Date.now() / 60_000);
}
