import { Toast as Base } from "@base-ui/react/toast";
import { CircleAlert, CircleCheck, X } from "lucide-react";
import { inWords } from "@/lib/problem";
import { Button } from "./button";

const manager = Base.createToastManager();

/** Says in passing that something is done. */
export function toast(title: string, description?: string): void {
  manager.add({ title, description, type: "done" });
}

/** Says that something did not work, for failures that have no place of their own. Stays until it is closed. */
export function toastError(title: string, error: unknown): void {
  manager.add({ title, description: inWords(error), type: "failed", timeout: 0, priority: "high" });
}

/** Where toasts appear; once, around everything. */
export function Toaster() {
  return (
    <Base.Provider toastManager={manager} limit={3} timeout={4000}>
      <Base.Portal>
        <Base.Viewport className="fixed inset-x-4 bottom-4 z-60 flex flex-col gap-2 sm:left-auto sm:w-90">
          <Toasts />
        </Base.Viewport>
      </Base.Portal>
    </Base.Provider>
  );
}

function Toasts() {
  return Base.useToastManager().toasts.map((toast) => (
    <Base.Root key={toast.id} toast={toast} swipeDirection={["down", "right"]} className="fade rounded-xl bg-surface shadow-pop">
      <Base.Content className="flex items-start gap-2.5 p-3.5">
        {toast.type === "failed" ? (
          <CircleAlert aria-hidden className="mt-0.5 size-4.5 shrink-0 text-bad" />
        ) : (
          <CircleCheck aria-hidden className="mt-0.5 size-4.5 shrink-0 text-good" />
        )}
        <div className="min-w-0 grow">
          <Base.Title className="text-sm font-medium text-ink" />
          <Base.Description className="text-soft" />
        </div>
        <Base.Close render={<Button look="ghost" size="icon" aria-label="Dismiss" className="-m-1.5" />}>
          <X aria-hidden />
        </Base.Close>
      </Base.Content>
    </Base.Root>
  ));
}
