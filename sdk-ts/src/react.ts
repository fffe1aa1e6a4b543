"use client";
/**
 * For React 18 and later: who is logged in, as a hook.
 *
 * @packageDocumentation
 */
export { AuthGuard, type AuthGuardProps } from "./react/guard.js";
export { type Auth, useAuth, useUser } from "./react/hooks.js";
export { DevAuthProvider, type DevAuthProviderProps } from "./react/provider.js";
