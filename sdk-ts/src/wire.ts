/** Whether an answer has what the client relies on. The service is trusted, what stands between it and us is not. */
import { NetworkError } from "./errors.js";
import type { Answer } from "./transport.js";
import type { Tokens, User, UserSession } from "./types.js";

type Loose = Record<string, unknown>;

export function isTokens(body: unknown): body is Tokens {
  const tokens = body as Loose | undefined;
  return (
    typeof tokens?.["access_token"] === "string" &&
    typeof tokens["refresh_token"] === "string" &&
    typeof tokens["expires_in"] === "number" &&
    isUser(tokens["user"])
  );
}

export function tokensOf(answer: Answer): Tokens {
  return isTokens(answer.body) ? answer.body : unexpected();
}

export function userOf(answer: Answer): User {
  const user = (answer.body as Loose | undefined)?.["user"];
  return isUser(user) ? user : unexpected();
}

export function sessionsOf(answer: Answer): UserSession[] {
  const data = (answer.body as Loose | undefined)?.["data"];
  return Array.isArray(data) ? (data as UserSession[]) : unexpected();
}

function isUser(value: unknown): value is User {
  return typeof (value as Loose | undefined)?.["id"] === "string";
}

function unexpected(): never {
  throw new NetworkError("The answer is not DevAuth's: something is missing in it.");
}

/** The session id in an access token. Not verified: it is our own token, and only compared. */
export function sessionIdOf(accessToken: string): string | undefined {
  try {
    const payload = accessToken.split(".")[1] ?? "";
    const json = atob(payload.replace(/-/g, "+").replace(/_/g, "/"));
    return (JSON.parse(json) as { sid?: string }).sid;
  } catch {
    return undefined;
  }
}
