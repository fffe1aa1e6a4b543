/** The shape of a few weeks in a few pixels; what it shows is also said in words beside it. */
export function SparkLine({ values, className }: { values: readonly number[]; className?: string }) {
  const most = Math.max(1, ...values);
  const step = 100 / Math.max(1, values.length - 1);
  const points = values.map((value, index) => `${(index * step).toFixed(2)},${(23 - (value / most) * 21).toFixed(2)}`);
  return (
    <svg viewBox="0 0 100 24" preserveAspectRatio="none" aria-hidden className={className}>
      <polygon points={`0,24 ${points.join(" ")} 100,24`} className="fill-chart opacity-10" />
      <polyline
        points={points.join(" ")}
        fill="none"
        strokeWidth="1.5"
        strokeLinejoin="round"
        vectorEffect="non-scaling-stroke"
        className="stroke-chart"
      />
    </svg>
  );
}
