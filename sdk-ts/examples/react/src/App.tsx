import { AuthGuard, useAuth } from "@devauth/sdk/react";

import { Account } from "./account";
import { Forgot, Login, Reset, Signup, Verify } from "./forms";
import { Link, usePath } from "./route";
import { Sessions } from "./sessions";

const open: Record<string, () => React.ReactNode> = {
  "/signup": Signup,
  "/forgot": Forgot,
  "/verify-email": Verify,
  "/reset-password": Reset,
};

export function App() {
  const path = usePath();
  const { user, logout } = useAuth();
  const Open = open[path];
  const Protected = path === "/sessions" ? Sessions : Account;
  return (
    <>
      <header>
        <Link to="/">
          <span className="mark" aria-hidden="true" /> Corner Bookshop
        </Link>
        <nav>
          {user ? (
            <>
              <Link to="/">Account</Link>
              <Link to="/sessions">Sessions</Link>
              <button className="quiet" onClick={() => void logout().catch(() => {})}>
                Log out
              </button>
            </>
          ) : (
            <>
              <Link to="/login">Log in</Link>
              <Link to="/signup">Sign up</Link>
            </>
          )}
        </nav>
      </header>
      <main>
        {Open ? (
          <Open />
        ) : (
          <AuthGuard loading={<p className="loading">One moment…</p>} fallback={<Login />}>
            <Protected />
          </AuthGuard>
        )}
      </main>
      <footer>
        An example for <code>@devauth/sdk</code>. There are no books.
      </footer>
    </>
  );
}
