import { createFileRoute } from "@tanstack/react-router";
import { LoginPage } from "@/features/auth/login-page";
import { nextSearch } from "@/lib/next";

export const Route = createFileRoute("/_guest/login")({ validateSearch: nextSearch, component: Login });

function Login() {
  return <LoginPage next={Route.useSearch().next} />;
}
