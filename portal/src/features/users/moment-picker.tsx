import { useId } from "react";
import { MomentInput } from "@/components/moment-input";
import { Button } from "@/components/ui/button";
import { lastBy } from "@/lib/moments";
import { moment } from "@/lib/time";

interface MomentPickerProps {
  /** When something happened, earlier first. */
  moments: readonly string[];
  /** The moment that is shown; without one, now. */
  at: string | undefined;
  onAt: (at: string | undefined) => void;
}

/** Moves through time: from event to event with the slider, to any other moment with the field. */
export function MomentPicker({ moments, at, onAt }: MomentPickerProps) {
  const id = useId();
  // One step for each moment, and one for now.
  const step = at === undefined ? moments.length : lastBy(moments, at);
  const said = at === undefined ? "Now" : moment(at);
  return (
    <div className="grid gap-3">
      <div className="flex flex-wrap items-baseline justify-between gap-x-4">
        <label htmlFor={id} className="font-medium text-ink">
          Who they were
        </label>
        <output htmlFor={id} className="text-ink tabular-nums">
          {said}
        </output>
      </div>
      <input
        id={id}
        type="range"
        min={0}
        max={moments.length}
        value={Math.max(0, step)}
        aria-valuetext={step < 0 ? `${said}, before the first event` : said}
        onChange={(event) => onAt(moments[event.target.valueAsNumber])}
        className="h-6 w-full cursor-pointer accent-primary pointer-coarse:h-10"
      />
      <div className="flex flex-wrap items-end gap-3">
        <MomentInput label="At any moment" value={at} onChange={onAt} />
        <Button disabled={at === undefined} onClick={() => onAt(undefined)}>
          Back to now
        </Button>
      </div>
    </div>
  );
}
