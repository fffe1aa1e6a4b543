import { useQuery } from "@tanstack/react-query";
import { AppWindow, Plus, SearchX } from "lucide-react";
import { lazy, Suspense } from "react";
import { type Application, applicationsQuery, statisticsQuery } from "@/api/applications";
import { ApplicationCard } from "@/components/application-card";
import { Page } from "@/components/page";
import { SearchInput } from "@/components/search-input";
import { EmptyState, ErrorState } from "@/components/states";
import { Button } from "@/components/ui/button";
import { Loading, Skeleton } from "@/components/ui/skeleton";
import { useSeen } from "@/lib/seen";

const NewApplication = lazy(() => import("./new-application"));

interface DashboardProps {
  /** A part of the names to show. */
  search: string;
  onSearch: (text: string) => void;
  /** Whether the dialog for a new application is open. */
  creating: boolean;
  onCreating: (creating: boolean) => void;
}

/** The developer's applications. */
export function DashboardPage({ search, onSearch, creating, onCreating }: DashboardProps) {
  const applications = useQuery(applicationsQuery);
  const create = (
    <Button look="primary" onClick={() => onCreating(true)}>
      <Plus aria-hidden /> New application
    </Button>
  );
  const none = applications.data?.length === 0;
  return (
    <Page title="Applications" action={none ? undefined : create}>
      {applications.isPending && <CardsLoading />}
      {applications.isError && applications.data === undefined && (
        <ErrorState error={applications.error} onRetry={() => void applications.refetch()} />
      )}
      {none && (
        <EmptyState icon={AppWindow} title="Create your first application" action={create}>
          An application has its own users, API keys and settings. Make one for your machine and another for production.
        </EmptyState>
      )}
      {applications.data !== undefined && !none && (
        <>
          <SearchInput label="Search applications" value={search} onChange={onSearch} className="mb-5 max-w-sm" />
          <Cards applications={applications.data} search={search} />
        </>
      )}
      {creating && (
        <Suspense>
          <NewApplication onClose={() => onCreating(false)} />
        </Suspense>
      )}
    </Page>
  );
}

function Cards({ applications, search }: { applications: readonly Application[]; search: string }) {
  const wanted = search.trim().toLowerCase();
  const found = applications.filter(
    ({ name, app_id, environment }) =>
      name.toLowerCase().includes(wanted) || app_id.includes(wanted) || environment.startsWith(wanted),
  );
  if (found.length === 0) {
    return (
      <EmptyState icon={SearchX} title="No application is called that">
        Part of a name, an app id or an environment finds it.
      </EmptyState>
    );
  }
  return (
    <ul className="grid gap-4 sm:grid-cols-2">
      {found.map((application) => (
        <CardWithStatistics key={application.app_id} application={application} />
      ))}
    </ul>
  );
}

/** Asks for the application's numbers when it comes on the screen: somebody may have a hundred. */
function CardWithStatistics({ application }: { application: Application }) {
  const [item, seen] = useSeen<HTMLLIElement>();
  const statistics = useQuery({ ...statisticsQuery(application.app_id), enabled: seen });
  return (
    <li ref={item} className="grid min-w-0">
      <ApplicationCard application={application} statistics={statistics.data} />
    </li>
  );
}

function CardsLoading() {
  return (
    <Loading what="applications">
      <div className="grid gap-4 pt-14 sm:grid-cols-2">
        {[1, 2, 3, 4].map((card) => (
          <Skeleton key={card} className="h-37" />
        ))}
      </div>
    </Loading>
  );
}
