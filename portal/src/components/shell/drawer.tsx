import { Dialog } from "@base-ui/react/dialog";
import { X } from "lucide-react";
import { Button } from "../ui/button";
import { Side } from "./side";

/** The menu on narrow screens. Loaded when it is opened: wide screens never need it. */
export default function Drawer({ open, onOpenChange }: { open: boolean; onOpenChange: (open: boolean) => void }) {
  return (
    <Dialog.Root open={open} onOpenChange={onOpenChange}>
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
          <Side onNavigate={() => onOpenChange(false)} />
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
