import { createFileRoute, Outlet, redirect } from "@tanstack/react-router";
import { currentDeveloper } from "@/api/developers";
import { Shell } from "@/components/shell/shell";
import { isSessionLost } from "@/lib/problem";

/** Every page that needs a session: without one, to the login and back. */
export const Route = createFileRoute("/_home")({
  beforeLoad: async ({ context: { queryClient }, location }) => {
    try {
      await currentDeveloper(queryClient);
    } catch (error) {
      if (!isSessionLost(error)) throw error;
      throw redirect({ to: "/login", search: { next: location.href } });
    }
  },
  component: Home,
});

function Home() {
  return (
    <Shell>
      <Outlet />
    </Shell>
  );
}
