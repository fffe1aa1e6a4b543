import { createFileRoute } from "@tanstack/react-router";
import { VerifyEmailPage } from "@/features/auth/verify-email-page";
import { tokenSearch } from "@/features/auth/schema";

/** Where the link of a mail to a developer leads. */
export const Route = createFileRoute("/_guest/developers/verify-email")({ validateSearch: tokenSearch, component: VerifyEmail });

function VerifyEmail() {
  return <VerifyEmailPage token={Route.useSearch().token} />;
}
