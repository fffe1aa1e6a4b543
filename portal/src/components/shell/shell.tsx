import { Dialog } from "@base-ui/react/dialog";
import { Link } from "@tanstack/react-router";
import { Menu as MenuIcon, X } from "lucide-react";
import { type ReactNode, useState } from "react";
import { Button } from "../ui/button";
import { DeveloperMenu } from "./developer-menu";
import { Logo } from "./logo";
import { Nav } from "./nav";
import { VerifyBanner } from "./verify-banner";

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

function Side({ onNavigate }: { onNavigate?: () => void }) {
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

function Topbar() {
  const [open, setOpen] = useState(false);
  const close = () => setOpen(false);
  return (
    <header className="sticky top-0 z-30 flex h-14 items-center justify-between border-b border-line bg-canvas px-4 lg:hidden">
      <Link to="/" aria-label="DevAuth: applications" className="rounded-lg">
        <Logo />
      </Link>
      <Dialog.Root open={open} onOpenChange={setOpen}>
        <Dialog.Trigger render={<Button look="ghost" size="icon" aria-label="Open menu" />}>
          <MenuIcon aria-hidden />
        </Dialog.Trigger>
        <Dialog.Portal>
          <Dialog.Backdrop className="fade fixed inset-0 z-40 bg-scrim lg:hidden" />
          <Dialog.Popup
            aria-label="Menu"
            className="fixed inset-y-0 right-0 z-50 flex w-72 max-w-[85vw] flex-col bg-canvas shadow-pop transition-transform duration-150 ease-out outline-none data-ending-style:translate-x-full data-starting-style:translate-x-full lg:hidden"
          >
            <Dialog.Close
              render={<Button look="ghost" size="icon" aria-label="Close menu" className="absolute top-3 right-3" />}
            >
              <X aria-hidden />
            </Dialog.Close>
            <Side onNavigate={close} />
          </Dialog.Popup>
        </Dialog.Portal>
      </Dialog.Root>
    </header>
  );
}
