import { useQuery } from "@tanstack/react-query";
import { SearchX, Users } from "lucide-react";
import { USERS_PER_PAGE, usersQuery } from "@/api/users";
import { Page } from "@/components/page";
import { Pagination } from "@/components/pagination";
import { EmptyState, ErrorState } from "@/components/states";
import { Button } from "@/components/ui/button";
import { Loading, Skeleton } from "@/components/ui/skeleton";
import { UrlSearch } from "@/components/url-search";
import { UserTable } from "@/components/user-table";
import { plural } from "@/lib/number";

interface UsersProps {
  appId: string;
  /** A part of the addresses to show. */
  search: string;
  onSearch: (text: string) => void;
  /** From 1. */
  page: number;
  onPage: (page: number) => void;
}

/** The users of an application. */
export function UsersPage({ appId, search, onSearch, page, onPage }: UsersProps) {
  const users = useQuery(usersQuery(appId, search, page));
  const list = users.data;
  return (
    <Page
      title="Users"
      description={
        <span role="status">
          {list === undefined ? "\u00a0" : search === "" ? plural(list.total, "user") : `${plural(list.total, "user")} found`}
        </span>
      }
    >
      <UrlSearch label="Search by e-mail" value={search} onSearch={onSearch} className="mb-4 max-w-sm" />
      {users.isPending && <UsersLoading />}
      {users.isError && list === undefined && <ErrorState error={users.error} onRetry={() => void users.refetch()} />}
      {list !== undefined && (
        <div aria-busy={users.isPlaceholderData} className={users.isPlaceholderData ? "opacity-60 transition-opacity" : undefined}>
          {list.data.length > 0 ? (
            <UserTable appId={appId} users={list.data} />
          ) : (
            <NoUsers search={search} total={list.total} onFirst={() => onPage(1)} />
          )}
          {list.total > 0 && list.data.length > 0 && (
            <Pagination page={list.page ?? page} perPage={USERS_PER_PAGE} total={list.total} onPage={onPage} />
          )}
        </div>
      )}
    </Page>
  );
}

function NoUsers({ search, total, onFirst }: { search: string; total: number; onFirst: () => void }) {
  if (total > 0) {
    return (
      <EmptyState icon={SearchX} title="There is no such page" action={<Button onClick={onFirst}>To the first page</Button>}>
        The list is shorter than that.
      </EmptyState>
    );
  }
  if (search !== "") {
    return (
      <EmptyState icon={SearchX} title="Nobody found">
        No address contains <bdi className="font-medium break-all text-ink">{search}</bdi>.
      </EmptyState>
    );
  }
  return (
    <EmptyState icon={Users} title="No users yet">
      Whoever signs up to your application shows up here.
    </EmptyState>
  );
}

function UsersLoading() {
  return (
    <Loading what="users">
      <Skeleton className="h-96" />
    </Loading>
  );
}
