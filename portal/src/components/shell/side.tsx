import { Link } from "@tanstack/react-router";
import { DeveloperMenu } from "./developer-menu";
import { Logo } from "./logo";
import { Nav } from "./nav";

/** What the sidebar and the drawer have in them. `onNavigate` is called when one goes somewhere. */
export function Side({ onNavigate }: { onNavigate?: () => void }) {
  return (
    <>
      <Link to="/" onClick={onNavigate} aria-label="DevAuth: applications" className="m-3 mb-2 flex h-9 items-center self-start rounded-lg px-2">
        <Logo />
      </Link>
      <div className="grow overflow-y-auto px-3 py-1">
        <Nav onNavigate={onNavigate} />
      </div>
      <div className="border-t border-line p-2">
        <DeveloperMenu onNavigate={onNavigate} />
      </div>
    </>
  );
}
