/** "login_failed" → "Login failed", "api_key_created" → "API key created" */
export function sentence(name: string): string {
  const words = name.replaceAll("_", " ").replace(/\bapi\b/, "API");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

const EVENTS: Record<string, string> = {
  UserRegistered: "Signed up",
  EmailVerificationRequested: "Verification mail asked for",
  EmailVerified: "E-mail verified",
  PasswordResetRequested: "Password reset asked for",
  PasswordReset: "Password reset",
  PasswordChanged: "Password changed",
  MetadataChanged: "Details changed",
  LoginLocked: "Login locked after failed tries",
  SessionsRevoked: "Logged out everywhere",
  UserSuspended: "Suspended",
  UserRestored: "Restored",
  UserErased: "Erased",
  SessionStarted: "Logged in",
  SessionRefreshed: "Session refreshed",
  SessionEnded: "Session ended",
  ApplicationCreated: "Application created",
  ApplicationUpdated: "Application changed",
  AppSecretRotated: "App secret rotated",
  ApiKeyIssued: "API key created",
  ApiKeyRevoked: "API key revoked",
  ApplicationDeleted: "Application deleted",
};

/** What happened, in words; the type itself for one that is newer than this portal. */
export function eventInWords(type: string): string {
  return EVENTS[type] ?? type;
}
