import { Dialog as Base } from "@base-ui/react/dialog";
import { X } from "lucide-react";
import { type ReactNode, useEffect, useState } from "react";
import { cn } from "@/lib/cn";
import { Button } from "./button";

interface DialogProps {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  title: string;
  description?: ReactNode;
  children: ReactNode;
  /** `false`: neither Escape nor a press beside it closes it, and there is no cross; only what it contains does. */
  dismissible?: boolean;
  className?: string;
}

/** A dialog over the page: it holds the focus, gives it back, and scrolls by itself where the screen is small. */
export function Dialog({ open, onOpenChange, title, description, children, dismissible = true, className }: DialogProps) {
  useFocusBack();
  return (
    <Base.Root
      open={open}
      disablePointerDismissal={!dismissible}
      onOpenChange={(next, details) => {
        if (!dismissible && !next) details.cancel();
        else onOpenChange(next);
      }}
    >
      <Base.Portal>
        <Base.Backdrop className="fade fixed inset-0 z-40 bg-scrim" />
        <Base.Viewport className="fixed inset-0 z-50 grid place-items-end overflow-y-auto overscroll-contain sm:place-items-center sm:p-6">
          <Base.Popup
            className={cn(
              "pop relative w-full min-w-0 rounded-t-2xl bg-surface p-5 shadow-pop outline-none sm:max-w-md sm:rounded-2xl sm:p-6",
              className,
            )}
          >
            <Base.Title className="pr-10 text-lg font-semibold break-words text-ink">{title}</Base.Title>
            {description !== undefined && (
              <Base.Description render={<div />} className="mt-1 text-soft">
                {description}
              </Base.Description>
            )}
            <div className="mt-5">{children}</div>
            {dismissible && (
              <Base.Close
                render={<Button look="ghost" size="icon" aria-label="Close" className="absolute top-4 right-4" />}
              >
                <X aria-hidden />
              </Base.Close>
            )}
          </Base.Popup>
        </Base.Viewport>
      </Base.Portal>
    </Base.Root>
  );
}

/** Gives the focus back where the whole dialog is taken away at once, so that it can't do so itself. */
function useFocusBack(): void {
  const [before] = useState(() => document.activeElement);
  useEffect(
    () => () =>
      void setTimeout(() => {
        if (document.activeElement !== document.body) return;
        const back = before instanceof HTMLElement && before.isConnected ? before : document.getElementById("main");
        back?.focus({ preventScroll: true });
      }),
    [before],
  );
}

/** The buttons at the end of a dialog; on a phone below each other, the first one on top. */
export function DialogActions({ children }: { children: ReactNode }) {
  return <div className="mt-2 flex flex-col gap-2 sm:flex-row-reverse">{children}</div>;
}
