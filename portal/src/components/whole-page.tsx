import { Link, useRouter } from "@tanstack/react-router";
import { Compass } from "lucide-react";
import { EmptyState, ErrorState } from "./states";
import { useTitle } from "./page";
import { buttonLook } from "./ui/button";
import { Spinner } from "./ui/spinner";

/** No such page. */
export function NotFoundPage() {
  useTitle("Not found");
  return (
    <div className="mx-auto max-w-xl p-6">
      <EmptyState
        icon={Compass}
        title="There is no such page"
        action={
          <Link to="/" className={buttonLook()}>
            To your applications
          </Link>
        }
      >
        The address may be mistyped, or the page has moved.
      </EmptyState>
    </div>
  );
}

/** A page could not be shown. */
export function FailedPage({ error }: { error: unknown }) {
  const router = useRouter();
  useTitle("Something went wrong");
  return (
    <div className="mx-auto max-w-xl p-6">
      <ErrorState error={error} onRetry={() => void router.invalidate()} />
    </div>
  );
}

/** A page takes longer than a moment. */
export function PendingPage() {
  return (
    <div role="status" aria-label="Loading" className="grid min-h-60 place-items-center text-soft">
      <Spinner className="size-5!" />
    </div>
  );
}
