import { Button } from "./ui/button";

/** Turns on and off that what is new shows up by itself. */
export function LiveButton({ live, onLive }: { live: boolean; onLive: (live: boolean) => void }) {
  return (
    <Button aria-pressed={live} onClick={() => onLive(!live)}>
      <span aria-hidden className={live ? "size-2 animate-pulse rounded-full bg-good" : "size-2 rounded-full bg-field"} />
      Live
    </Button>
  );
}
