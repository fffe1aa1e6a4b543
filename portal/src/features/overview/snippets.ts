/** What a quick start is filled with. */
export interface Facts {
  /** Where this service is. */
  baseUrl: string;
  appId: string;
  /** How the newest key that still works begins; without one, how any would. */
  keyPrefix: string | undefined;
}

/** The languages of the quick start. */
export const LANGUAGES = ["typescript", "python", "curl"] as const;
export type Language = (typeof LANGUAGES)[number];
export const LANGUAGE_NAMES: Record<Language, string> = { typescript: "TypeScript", python: "Python", curl: "curl" };

/** A first call, to be pasted. The key itself is never known to us: its place is marked. */
export function snippet(language: Language, { baseUrl, appId, keyPrefix }: Facts): string {
  const key = `${keyPrefix ?? "dvk_sk_"}…`;
  switch (language) {
    case "typescript":
      return `// npm install @devauth/sdk
import { DevAuthClient } from "@devauth/sdk";

const auth = new DevAuthClient({
  baseUrl: "${baseUrl}",
  appId: "${appId}",
  apiKey: process.env.DEVAUTH_API_KEY!, // ${key}
});

await auth.signup({ email: "ada@example.com", password: "nine-otters-drink-tea" });
const user = await auth.login({ email: "ada@example.com", password: "nine-otters-drink-tea" });
console.log(user.id);`;
    case "python":
      return `# pip install devauth
import os
from devauth import DevAuthClient

auth = DevAuthClient(
    base_url="${baseUrl}",
    app_id="${appId}",
    api_key=os.environ["DEVAUTH_API_KEY"],  # ${key}
)

auth.signup("ada@example.com", "nine-otters-drink-tea")
tokens = auth.login("ada@example.com", "nine-otters-drink-tea")
claims = auth.verify_token(tokens.access_token)  # what your API does with each request
print(claims.sub)`;
    case "curl":
      return `# DEVAUTH_API_KEY is your ${key}
curl ${baseUrl}/v1/auth/signup \\
  -H "x-app-id: ${appId}" \\
  -H "x-api-key: $DEVAUTH_API_KEY" \\
  -H "content-type: application/json" \\
  -d '{"email": "ada@example.com", "password": "nine-otters-drink-tea"}'`;
  }
}
