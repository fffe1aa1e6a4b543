import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Laptop } from "lucide-react";
import { developerSessionsQuery, endSession, type Session } from "@/api/developers";
import { ErrorState } from "@/components/states";
import { Time } from "@/components/time";
import { Badge } from "@/components/ui/badge";
import { Button } from "@/components/ui/button";
import { Card } from "@/components/ui/card";
import { Loading, Skeleton } from "@/components/ui/skeleton";
import { toast, toastError } from "@/components/ui/toast";

/** Where the developer is logged in, with a way to end what they don't know. */
export function Sessions() {
  const sessions = useQuery(developerSessionsQuery);
  return (
    <Card className="p-5 sm:p-6">
      <h2 className="text-base font-semibold">Sessions</h2>
      <p className="mt-0.5 text-soft">Where you are logged in. End what you don&rsquo;t know, and change your password.</p>
      <div className="mt-2">
        {sessions.isPending && (
          <Loading what="sessions">
            <Skeleton className="mt-4 h-12" />
          </Loading>
        )}
        {sessions.isError && sessions.data === undefined && (
          <ErrorState error={sessions.error} onRetry={() => void sessions.refetch()} />
        )}
        <ul className="divide-y divide-line">
          {sessions.data?.map((session) => (
            <SessionRow key={session.id} session={session} />
          ))}
        </ul>
      </div>
    </Card>
  );
}

function SessionRow({ session }: { session: Session }) {
  const cache = useQueryClient();
  const { queryKey } = developerSessionsQuery;
  const end = useMutation({
    mutationFn: endSession,
    // Its row goes at once, and comes back if the server says no.
    onMutate: async (id) => {
      await cache.cancelQueries({ queryKey });
      const before = cache.getQueryData(queryKey);
      cache.setQueryData(queryKey, before?.filter((other) => other.id !== id));
      return before;
    },
    onSuccess: () => toast("The session is over"),
    onError: (error, _, before) => {
      cache.setQueryData(queryKey, before);
      toastError("The session goes on", error);
    },
    onSettled: () => cache.invalidateQueries({ queryKey }),
  });
  const device = session.device ?? "Unknown device";
  return (
    <li className="flex items-center gap-3.5 py-3.5 last:pb-0">
      <Laptop aria-hidden className="size-5 shrink-0 text-soft" strokeWidth={1.75} />
      <div className="min-w-0 grow">
        <p className="flex flex-wrap items-center gap-x-2 gap-y-1 text-ink">
          <span className="font-medium break-words" title={session.user_agent ?? undefined}>
            {device}
          </span>
          {session.current && <Badge tone="good">this one</Badge>}
        </p>
        <p className="text-[0.8125rem] text-soft">
          {session.client_address !== null && <>{session.client_address}, </>}
          logged in <Time at={session.created_at} />
        </p>
      </div>
      {!session.current && (
        <Button size="small" aria-label={`End session: ${device}`} onClick={() => end.mutate(session.id)}>
          End
        </Button>
      )}
    </li>
  );
}
