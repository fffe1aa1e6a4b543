import { Toast as Base } from "@base-ui/react/toast";
import { CircleAlert, CircleCheck, X } from "lucide-react";
import { useEffect } from "react";
import { Button } from "./button";
import { subscribe, takeToasts } from "./toast";

/** The toasts, announced to screen readers and reached with F6. */
export function ToastRegion() {
  return (
    <Base.Provider limit={3} timeout={4000}>
      <Base.Portal>
        <Base.Viewport className="fixed inset-x-4 bottom-4 z-60 flex flex-col gap-2 sm:left-auto sm:w-90">
          <Toasts />
        </Base.Viewport>
      </Base.Portal>
    </Base.Provider>
  );
}

function Toasts() {
  const { toasts, add } = Base.useToastManager();
  useEffect(() => {
    const show = () =>
      takeToasts().forEach(({ title, description, failed }) =>
        add(failed ? { title, description, type: "failed", timeout: 0, priority: "high" } : { title, description }),
      );
    show();
    return subscribe(show);
  }, [add]);
  return toasts.map((toast) => (
    <Base.Root
      key={toast.id}
      toast={toast}
      swipeDirection={["down", "right"]}
      className="fade rounded-xl bg-surface shadow-pop"
    >
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
