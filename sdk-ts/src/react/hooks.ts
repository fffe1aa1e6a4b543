import { useContext, useMemo } from "react";

import type { DevAuthClient } from "../client.js";
import { ConfigurationError } from "../errors.js";
import type { User } from "../types.js";
import { AuthContext, type AuthState } from "./provider.js";

/** What {@link useAuth} answers: who is logged in, and the client's methods for signing up, in and out. */
export interface Auth extends AuthState {
  signup: DevAuthClient["signup"];
  login: DevAuthClient["login"];
  logout: DevAuthClient["logout"];
}

/**
 * Who is logged in, and what can be done about it. For everything else there is `client`.
 *
 * @throws {ConfigurationError} There is no {@link DevAuthProvider} above.
 */
export function useAuth(): Auth {
  const state = useContext(AuthContext);
  if (!state) throw new ConfigurationError("useAuth and useUser need a DevAuthProvider above them.");
  return useMemo(() => {
    const { client } = state;
    const signup: Auth["signup"] = (...given) => client.signup(...given);
    const login: Auth["login"] = (...given) => client.login(...given);
    const logout: Auth["logout"] = (...given) => client.logout(...given);
    return { ...state, signup, login, logout };
  }, [state]);
}

/** The logged-in user, or `null` while there is none or it is not known yet. */
export function useUser(): User | null {
  return useAuth().user;
}
