import { Outlet } from "@tanstack/react-router";
import { Logo } from "@/components/shell/logo";

/** What surrounds the pages for people who aren't logged in. */
export function GuestLayout() {
  return (
    <div className="flex min-h-dvh flex-col items-center px-4 pt-[max(2rem,9vh)] pb-10">
      <Logo className="mb-8 text-base!" />
      <main id="main" tabIndex={-1} className="w-full outline-none max-w-100">
        <Outlet />
      </main>
    </div>
  );
}
