import { useQuery } from "@tanstack/react-query";
import { statisticsQuery } from "@/api/applications";
import { BarChart } from "@/components/bar-chart";
import { ErrorState } from "@/components/states";
import { Card } from "@/components/ui/card";
import { Loading, Skeleton } from "@/components/ui/skeleton";
import { count } from "@/lib/number";

/** How the application does: what is now, and the last 30 days. */
export function StatisticsCards({ appId }: { appId: string }) {
  const { data, error, isError, refetch } = useQuery({ ...statisticsQuery(appId), refetchInterval: 10_000 });
  if (isError && data === undefined) return <ErrorState error={error} onRetry={() => void refetch()} />;
  if (data === undefined) return <StatisticsLoading />;
  const verified = data.users === 0 ? "none yet" : `${Math.floor((data.verified / data.users) * 100)} %`;
  return (
    <div className="grid grid-cols-1 gap-4">
      <Card className="grid grid-cols-2 overflow-hidden sm:grid-cols-4">
        <Tile label="Users" value={count(data.users)} />
        <Tile label="Verified" value={count(data.verified)} aside={verified} />
        <Tile label="Suspended" value={count(data.suspended)} />
        <Tile label="Active sessions" value={count(data.active_sessions)} />
      </Card>
      <div className="grid gap-4 sm:grid-cols-2">
        <Days title="Logins" unit="logins" days={data.days.map(({ date, logins }) => ({ date, value: logins }))} />
        <Days title="Signups" unit="signups" days={data.days.map(({ date, signups }) => ({ date, value: signups }))} />
      </div>
    </div>
  );
}

function Tile({ label, value, aside }: { label: string; value: string; aside?: string }) {
  return (
    <dl className="-mt-px -ml-px border-t border-l border-line px-5 py-4">
      <dt className="text-[0.8125rem] text-soft">{label}</dt>
      <dd className="mt-0.5 flex items-baseline gap-2">
        <span className="text-2xl leading-8 font-semibold tracking-tight text-ink tabular-nums">{value}</span>
        {aside !== undefined && <span className="text-[0.8125rem] text-soft">{aside}</span>}
      </dd>
    </dl>
  );
}

function Days({ title, unit, days }: { title: string; unit: string; days: { date: string; value: number }[] }) {
  const sum = days.reduce((total, { value }) => total + value, 0);
  return (
    <Card className="min-w-0 px-5 py-4">
      <div className="mb-3 flex items-baseline justify-between gap-3">
        <h2 className="font-medium">{title}</h2>
        <p className="text-[0.8125rem] text-soft">
          <span className="font-medium text-ink tabular-nums">{count(sum)}</span> in {days.length} days
        </p>
      </div>
      <BarChart bars={days} unit={unit} label={`${title} on each of the last ${days.length} days`} />
    </Card>
  );
}

function StatisticsLoading() {
  return (
    <Loading what="statistics">
      <div className="grid gap-4">
        <Skeleton className="h-23" />
        <div className="grid gap-4 sm:grid-cols-2">
          <Skeleton className="h-42" />
          <Skeleton className="h-42" />
        </div>
      </div>
    </Loading>
  );
}
