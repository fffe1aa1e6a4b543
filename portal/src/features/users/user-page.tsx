import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { ChevronLeft, UserX } from "lucide-react";
import type { ReactNode } from "react";
import { historyQuery, userQuery } from "@/api/users";
import { Page } from "@/components/page";
import { EmptyState, ErrorState } from "@/components/states";
import { Loading, Skeleton } from "@/components/ui/skeleton";
import { isNotFound } from "@/lib/problem";
import { History } from "./history";
import { Sessions } from "./sessions";
import { UserActions } from "./user-actions";
import { UserDetails } from "./user-details";

interface UserProps {
  appId: string;
  userId: string;
  /** The moment to show of the history; without one, now. */
  at: string | undefined;
  onAt: (at: string | undefined) => void;
  onErased: () => void;
}

/** A user: who they are, where they are logged in, what happened to them. */
export function UserPage({ appId, userId, at, onAt, onErased }: UserProps) {
  const { data: user, error, isPending, refetch } = useQuery(userQuery(appId, userId));
  const history = <History appId={appId} userId={userId} at={at} onAt={onAt} />;
  if (isPending) return <UserLoading appId={appId} />;
  if (isNotFound(error)) return <GoneUser appId={appId} userId={userId} history={history} />;
  if (user === undefined) return <ErrorState error={error} onRetry={() => void refetch()} />;
  return (
    <>
      <BackToUsers appId={appId} />
      <Page title={user.email} action={<UserActions appId={appId} user={user} onErased={onErased} />}>
        <div className="grid grid-cols-[minmax(0,1fr)] gap-9">
          <UserDetails user={user} />
          <Sessions appId={appId} user={user} />
          {history}
        </div>
      </Page>
    </>
  );
}

/** Erased, so that only the history is left; or never there. */
function GoneUser({ appId, userId, history }: { appId: string; userId: string; history: ReactNode }) {
  const { data, error, isPending, refetch } = useQuery(historyQuery(appId, userId));
  if (isPending) return <UserLoading appId={appId} />;
  if (data === undefined || data.data.length === 0) return <ErrorState error={error} onRetry={() => void refetch()} />;
  return (
    <>
      <BackToUsers appId={appId} />
      <Page title="Erased user" description={<code className="font-mono text-[0.8125rem] break-all">{userId}</code>}>
        <div className="grid grid-cols-[minmax(0,1fr)] gap-9">
          <EmptyState icon={UserX} title="This person was erased" className="py-8!">
            Who they were is gone and can't be brought back. What happened is still in the log, without what was personal.
          </EmptyState>
          {history}
        </div>
      </Page>
    </>
  );
}

function BackToUsers({ appId }: { appId: string }) {
  return (
    <Link
      to="/applications/$appId/users"
      params={{ appId }}
      className="mb-3 -ml-1 inline-flex h-7 items-center gap-1 rounded-md pr-1.5 text-soft hover:text-ink pointer-coarse:h-10"
    >
      <ChevronLeft aria-hidden className="size-4" /> Users
    </Link>
  );
}

function UserLoading({ appId }: { appId: string }) {
  return (
    <>
      <BackToUsers appId={appId} />
      <Loading what="the user">
        <Skeleton className="mb-6 h-8 w-64" />
        <Skeleton className="mb-9 h-52" />
        <Skeleton className="h-40" />
      </Loading>
    </>
  );
}
