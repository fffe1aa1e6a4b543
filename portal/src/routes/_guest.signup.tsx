import { createFileRoute } from "@tanstack/react-router";
import { SignupPage } from "@/features/auth/signup-page";
import { nextSearch } from "@/lib/next";

export const Route = createFileRoute("/_guest/signup")({ validateSearch: nextSearch, component: Signup });

function Signup() {
  return <SignupPage next={Route.useSearch().next} />;
}
