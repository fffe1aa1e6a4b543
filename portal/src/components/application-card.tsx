import { Link } from "@tanstack/react-router";
import type { Application, Statistics } from "@/api/applications";
import { plural, short } from "@/lib/number";
import { EnvironmentBadge } from "./environment-badge";
import { SparkLine } from "./spark-line";
import { Skeleton } from "./ui/skeleton";

/** An application at a glance; the whole card leads to it. Without statistics yet, it holds their place. */
export function ApplicationCard({ application, statistics }: { application: Application; statistics?: Statistics | undefined }) {
  const today = statistics?.days.at(-1)?.logins;
  return (
    <article className="group relative flex min-w-0 flex-col rounded-xl border border-line bg-surface p-5 shadow-card transition-colors hover:border-field has-focus-visible:outline-2 has-focus-visible:outline-offset-2 has-focus-visible:outline-primary">
      <div className="flex items-start justify-between gap-3">
        <h2 className="min-w-0 text-base font-semibold">
          <Link
            to="/applications/$appId"
            params={{ appId: application.app_id }}
            className="line-clamp-2 break-words outline-none after:absolute after:inset-0 after:rounded-xl"
          >
            <bdi>{application.name}</bdi>
          </Link>
        </h2>
        <EnvironmentBadge environment={application.environment} />
      </div>
      <p className="mt-1 truncate font-mono text-xs text-soft">{application.app_id}</p>
      <div className="mt-5 flex items-end justify-between gap-4">
        {statistics === undefined || today === undefined ? (
          <Skeleton className="h-5 w-40" />
        ) : (
          <p className="whitespace-nowrap text-soft">
            <span className="font-medium text-ink tabular-nums">{short(statistics.users)}</span>{" "}
            {statistics.users === 1 ? "user" : "users"}
            <span aria-hidden className="mx-1.5 text-field">
              ·
            </span>
            <span className="sr-only">, </span>
            {today === 0 ? "no logins today" : `${plural(today, "login")} today`}
          </p>
        )}
        <SparkLine values={statistics?.days.map(({ logins }) => logins) ?? [0, 0]} className="h-7 w-20 shrink-0" />
      </div>
    </article>
  );
}
