import { createFileRoute } from "@tanstack/react-router";
import { GuestLayout } from "@/features/auth/guest-layout";

export const Route = createFileRoute("/_guest")({ component: GuestLayout });
