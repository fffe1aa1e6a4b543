import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Check, ChevronsUpDown } from "lucide-react";
import { applicationQuery, applicationsQuery } from "@/api/applications";
import { Menu, MenuLink } from "../ui/menu";
import { Skeleton } from "../ui/skeleton";

/** Which application one is in, and the way to the others. */
export function ApplicationSwitcher({ appId, onNavigate }: { appId: string; onNavigate: (() => void) | undefined }) {
  const current = useQuery(applicationQuery(appId));
  const all = useQuery(applicationsQuery);
  return (
    <Menu
      align="start"
      className="w-56"
      trigger={
        <button
          type="button"
          className="flex h-11 w-full items-center gap-2.5 rounded-lg border border-line bg-surface px-2.5 text-left shadow-card transition-colors hover:bg-hover"
        >
          <span className="min-w-0 grow leading-4">
            <span className="sr-only">Application: </span>
            {current.isPending && <Skeleton className="h-4 w-24" />}
            {current.isError && <span className="block truncate text-soft">Choose another</span>}
            {current.data !== undefined && <bdi className="block truncate font-medium text-ink">{current.data.name}</bdi>}
            <span className="block truncate text-xs text-soft">{current.data?.environment ?? "\u00a0"}</span>
          </span>
          <ChevronsUpDown aria-hidden className="size-4 shrink-0 text-soft" />
        </button>
      }
    >
      {(all.data ?? []).map((application) => (
        <MenuLink
          key={application.app_id}
          render={<Link to="/applications/$appId" params={{ appId: application.app_id }} onClick={onNavigate} />}
        >
          <span className="min-w-0 grow">
            <bdi className="block truncate">{application.name}</bdi>
            <span className="block text-xs text-soft">{application.environment}</span>
          </span>
          {application.app_id === appId && <Check aria-label="current" className="text-primary" />}
        </MenuLink>
      ))}
    </Menu>
  );
}
