import { createElement, Fragment, type ReactElement, type ReactNode } from "react";

import { useAuth } from "./hooks.js";

/** What {@link AuthGuard} takes. */
export interface AuthGuardProps {
  /** For logged-in users. */
  children?: ReactNode;
  /** For everybody else, for instance a login form or a redirect. */
  fallback?: ReactNode;
  /** While it is not known yet. */
  loading?: ReactNode;
}

/**
 * Shows its children to logged-in users only. It spares others a look at a page that is not for them; what must stay hidden is
 * for your backend to refuse.
 */
export function AuthGuard({ children, fallback = null, loading = null }: AuthGuardProps): ReactElement {
  const { status } = useAuth();
  const shown = { signed_in: children, signed_out: fallback, loading }[status];
  return createElement(Fragment, null, shown);
}
