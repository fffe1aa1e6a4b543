import { DevAuthClient } from "@devauth/sdk";

interface Settings {
  env: { VITE_DEVAUTH_URL: string; VITE_DEVAUTH_APP_ID: string; VITE_DEVAUTH_API_KEY: string; VITE_BACKEND_URL?: string };
}
const { env } = import.meta as unknown as Settings;

/** One client for the whole page. The key is a publishable one: everybody who opens the page can read it. */
export const client: DevAuthClient = new DevAuthClient({
  baseUrl: env.VITE_DEVAUTH_URL,
  appId: env.VITE_DEVAUTH_APP_ID,
  apiKey: env.VITE_DEVAUTH_API_KEY,
});

export const backendUrl: string | undefined = env.VITE_BACKEND_URL;
export const storageKey: string = `devauth.${env.VITE_DEVAUTH_APP_ID}`;
