import { createFileRoute } from "@tanstack/react-router";
import { ResetPasswordPage } from "@/features/auth/reset-password-page";
import { tokenSearch } from "@/features/auth/schema";

/** Where the link of a mail to a developer leads. */
export const Route = createFileRoute("/_guest/developers/reset-password")({ validateSearch: tokenSearch, component: ResetPassword });

function ResetPassword() {
  return <ResetPasswordPage token={Route.useSearch().token} />;
}
