import { useId, useState } from "react";
import { count } from "@/lib/number";
import { dayOf } from "@/lib/time";

interface Bar {
  /** The day, as `2026-01-31`. */
  date: string;
  value: number;
}

const HEIGHT = 88;

/**
 * A bar for each day. Pointing at one, or reaching it with the arrow keys, tells its number; a screen reader gets a table.
 */
export function BarChart({ bars, unit, label }: { bars: readonly Bar[]; /** "logins" */ unit: string; label: string }) {
  const [at, setAt] = useState<number>();
  const id = useId();
  const most = Math.max(1, ...bars.map(({ value }) => value));
  const bar = at === undefined ? undefined : bars[at];
  const first = bars[0];
  return (
    <figure className="m-0">
      <div
        tabIndex={0}
        role="group"
        aria-label={`${label}. Arrow keys move from day to day.`}
        aria-describedby={`${id}-at`}
        onKeyDown={(event) => {
          const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
          if (step === undefined) return;
          event.preventDefault();
          setAt(Math.min(bars.length - 1, Math.max(0, (at ?? bars.length) + step)));
        }}
        onBlur={() => setAt(undefined)}
        onPointerLeave={() => setAt(undefined)}
        className="rounded-sm"
      >
        <svg viewBox={`0 0 ${bars.length * 10} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden className="block h-22 w-full">
          {bars.map(({ date, value }, index) => {
            const height = value === 0 ? 1.5 : Math.max(3, (value / most) * (HEIGHT - 4));
            return (
              <g key={date} onPointerEnter={() => setAt(index)}>
                <rect x={index * 10} width={10} height={HEIGHT} className="fill-transparent" />
                <rect
                  x={index * 10 + 1.5}
                  width={7}
                  y={HEIGHT - height}
                  height={height}
                  rx={1.2}
                  className={value === 0 ? "fill-line" : at === undefined || at === index ? "fill-chart" : "fill-chart opacity-40"}
                />
              </g>
            );
          })}
        </svg>
      </div>
      <figcaption className="mt-2 flex justify-between text-xs text-soft">
        <span id={`${id}-at`} aria-live="polite">
          {bar === undefined
            ? first !== undefined && dayOf(first.date)
            : `${dayOf(bar.date)}: ${count(bar.value)} ${unit}`}
        </span>
        <span>Today</span>
      </figcaption>
      {/* A table takes the room it needs whatever it is told: only a box around it can be cut off. */}
      <div className="sr-only">
        <table>
          <caption>{label}</caption>
          <tbody>
            {bars.map(({ date, value }) => (
              <tr key={date}>
                <th scope="row">{dayOf(date)}</th>
                <td>{count(value)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </figure>
  );
}
