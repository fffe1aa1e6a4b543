import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { inject } from "vitest";

/** Where the portal is. */
export const portal = inject("portal");

export const WIDE = { width: 1280, height: 800 };
export const PHONE = { width: 390, height: 844 };

/** The browser; `CHROMIUM` names another program than Debian's. */
export function launch(): Promise<Browser> {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}

/** A page of a person of their own: own cookies, own storage. `faults` has what no page may ever do. */
export async function visitor(browser: Browser, options: BrowserContextOptions = {}) {
  const context = await browser.newContext({
    baseURL: portal,
    viewport: WIDE,
    reducedMotion: "reduce",
    permissions: ["clipboard-read", "clipboard-write"],
    ...options,
  });
  context.setDefaultTimeout(15_000);
  const page = await context.newPage();
  return { context, page, faults: faultsOf(page) };
}

/**
 * Errors of scripts, breaches of the Content-Security-Policy, and requests to any other host. A refusal by the API shows in the
 * console as well, and is no fault.
 */
function faultsOf(page: Page): string[] {
  const faults: string[] = [];
  page.on("pageerror", (error) => faults.push(`script: ${error.message}`));
  page.on("console", (message) => {
    if (message.type() === "error" && !message.text().startsWith("Failed to load resource")) faults.push(message.text());
  });
  page.on("dialog", (dialog) => {
    faults.push(`dialog (${dialog.type()}): ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on("request", (request) => {
    if (new URL(request.url()).origin !== portal) faults.push(`request to ${new URL(request.url()).host}`);
  });
  return faults;
}
