import { Link } from "@tanstack/react-router";
import { Menu as MenuIcon } from "lucide-react";
import { lazy, type ReactNode, Suspense, useState } from "react";
import { Button } from "../ui/button";
import { Logo } from "./logo";
import { Side } from "./side";
import { VerifyBanner } from "./verify-banner";

const Drawer = lazy(() => import("./drawer"));

/** What surrounds every page of a developer: a sidebar, or on narrow screens a bar with a drawer. */
export function Shell({ children }: { children: ReactNode }) {
  return (
    <div className="min-h-dvh lg:pl-60">
      <a
        href="#main"
        className="fixed top-2 left-2 z-50 -translate-y-16 rounded-lg bg-primary px-4 py-2 font-medium text-on-primary focus:translate-y-0"
      >
        Skip to content
      </a>
      <aside className="fixed inset-y-0 left-0 hidden w-60 flex-col border-r border-line bg-canvas lg:flex">
        <Side />
      </aside>
      <Topbar />
      <VerifyBanner />
      <main id="main" tabIndex={-1} className="mx-auto max-w-5xl px-4 py-6 outline-none sm:px-6 lg:px-10 lg:py-9">
        {children}
      </main>
    </div>
  );
}

function Topbar() {
  const [open, setOpen] = useState(false);
  // Stays once it was there, so that it can leave with its motion and give the focus back.
  const [needed, setNeeded] = useState(false);
  return (
    <header className="sticky top-0 z-30 flex h-14 items-center justify-between border-b border-line bg-canvas px-4 lg:hidden">
      <Link to="/" aria-label="DevAuth: applications" className="rounded-lg">
        <Logo />
      </Link>
      <Button
        look="ghost"
        size="icon"
        aria-label="Open menu"
        aria-haspopup="dialog"
        aria-expanded={open}
        onPointerEnter={() => void import("./drawer")}
        onClick={() => {
          setNeeded(true);
          setOpen(true);
        }}
      >
        <MenuIcon aria-hidden />
      </Button>
      {needed && (
        <Suspense>
          <Drawer open={open} onOpenChange={setOpen} />
        </Suspense>
      )}
    </header>
  );
}
