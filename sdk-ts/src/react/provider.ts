import { type Context, createContext, createElement, type ReactElement, type ReactNode, useEffect, useMemo, useState } from "react";

import type { DevAuthClient } from "../client.js";
import type { SignOutReason, User } from "../types.js";

/** What a component below a provider can know. */
export interface AuthState {
  client: DevAuthClient;
  /** `loading` until the storage was read, which is also what a server renders. */
  status: "loading" | "signed_in" | "signed_out";
  user: User | null;
  /** Why the last session is over; `null` if there was none since the page was opened. */
  reason: SignOutReason | null;
}

export const AuthContext: Context<AuthState | null> = createContext<AuthState | null>(null);

/** What {@link DevAuthProvider} takes. */
export interface DevAuthProviderProps {
  /** One client for the whole page; make it outside of components. */
  client: DevAuthClient;
  children?: ReactNode;
}

/** Lets the components in it know who is logged in. */
export function DevAuthProvider({ client, children }: DevAuthProviderProps): ReactElement {
  const [told, setTold] = useState<Omit<AuthState, "client">>({ status: "loading", user: null, reason: null });
  useEffect(
    () =>
      client.onAuthStateChange(({ user, reason = null }) =>
        setTold({ status: user ? "signed_in" : "signed_out", user, reason }),
      ),
    [client],
  );
  const value = useMemo(() => ({ client, ...told }), [client, told]);
  return createElement(AuthContext.Provider, { value }, children);
}
