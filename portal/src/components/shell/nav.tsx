import { Link, type LinkProps, useParams, useRouter } from "@tanstack/react-router";
import { Activity, ChartNoAxesColumn, KeyRound, LayoutGrid, type LucideIcon, ScrollText, Settings, Users } from "lucide-react";
import { cn } from "@/lib/cn";
import { ApplicationSwitcher } from "./application-switcher";

/** The pages of an application, in the order of the menu. One whose route file isn't there yet doesn't show. */
const PAGES: { to: string; label: string; icon: LucideIcon; exact?: boolean }[] = [
  { to: "/applications/$appId", label: "Overview", icon: ChartNoAxesColumn, exact: true },
  { to: "/applications/$appId/users", label: "Users", icon: Users },
  { to: "/applications/$appId/api-keys", label: "API keys", icon: KeyRound },
  { to: "/applications/$appId/audit-log", label: "Audit log", icon: ScrollText },
  { to: "/applications/$appId/events", label: "Events", icon: Activity },
  { to: "/applications/$appId/settings", label: "Settings", icon: Settings },
];

/** Where one can go from here. `onNavigate` is called when one does, so that a drawer can close. */
export function Nav({ onNavigate }: { onNavigate?: () => void }) {
  const { appId } = useParams({ strict: false });
  const { routesByPath } = useRouter();
  return (
    <nav aria-label="Portal" className="grid gap-0.5">
      <NavLink to="/" exact icon={LayoutGrid} label="Applications" onNavigate={onNavigate} />
      {appId !== undefined && (
        <>
          <div className="mt-4 mb-1.5">
            <ApplicationSwitcher appId={appId} onNavigate={onNavigate} />
          </div>
          {PAGES.filter(({ to }) => to in routesByPath || `${to}/` in routesByPath).map((page) => (
            <NavLink key={page.to} {...page} appId={appId} onNavigate={onNavigate} />
          ))}
        </>
      )}
    </nav>
  );
}

function NavLink({
  to,
  appId,
  icon: Icon,
  label,
  exact = false,
  onNavigate,
}: {
  to: string;
  appId?: string;
  icon: LucideIcon;
  label: string;
  exact?: boolean;
  onNavigate: (() => void) | undefined;
}) {
  return (
    <Link
      to={to as LinkProps["to"]}
      params={{ appId } as never}
      activeOptions={{ exact, includeSearch: false }}
      onClick={onNavigate}
      className={cn(
        "flex h-8.5 items-center gap-2.5 rounded-lg px-2.5 font-medium text-soft transition-colors pointer-coarse:h-11",
        "hover:bg-hover hover:text-ink aria-[current=page]:bg-hover aria-[current=page]:text-ink",
      )}
    >
      <Icon aria-hidden className="size-4.5 shrink-0" strokeWidth={1.75} />
      {label}
    </Link>
  );
}
