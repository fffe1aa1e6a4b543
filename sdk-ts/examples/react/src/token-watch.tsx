import type { AuthChange } from "@devauth/sdk";
import { useEffect, useState } from "react";

import { client, storageKey } from "./client";

interface Line {
  at: number;
  text: string;
}
interface Shown {
  end: string;
  left: number;
  share: number;
}

const WORDS: Record<AuthChange["event"], string> = {
  initial: "Page opened, session found",
  signed_in: "Logged in",
  refreshed: "New tokens, without you noticing",
  user_changed: "News about you",
  signed_out: "Logged out",
};

/** Reads the kept session to show what usually nobody sees. An application has no business in there. */
function look(): Shown | null {
  const kept = JSON.parse(localStorage.getItem(storageKey) ?? "null") as { access_token: string; expires_at: number; lifetime: number } | null;
  if (!kept) return null;
  const left = Math.max(0, kept.expires_at - Date.now());
  return { end: kept.access_token.slice(-8), left, share: Math.min(1, left / kept.lifetime) };
}

function expireNow(): void {
  const kept = JSON.parse(localStorage.getItem(storageKey) ?? "null") as object | null;
  if (kept) localStorage.setItem(storageKey, JSON.stringify({ ...kept, expires_at: 0 }));
}

/** The access token: how long it has to live, and what happens when its time is over. */
export function TokenWatch() {
  const [shown, setShown] = useState(look);
  const [lines, setLines] = useState<Line[]>([]);
  const add = (text: string) => setLines((known) => [{ at: Date.now(), text }, ...known].slice(0, 6));

  useEffect(() => {
    const timer = setInterval(() => setShown(look), 500);
    const stop = client.onAuthStateChange(({ event }) => {
      setShown(look);
      add(WORDS[event]);
    });
    return () => {
      clearInterval(timer);
      stop();
    };
  }, []);

  async function tenCalls() {
    expireNow();
    setShown(look);
    add("Token thrown away; ten calls set out");
    const calls = Array.from({ length: 10 }, () => client.getMe());
    const done = (await Promise.allSettled(calls)).filter((call) => call.status === "fulfilled");
    add(`${done.length} of 10 calls answered`);
  }

  const seconds = Math.round((shown?.left ?? 0) / 1000);
  return (
    <section className="card">
      <p className="kicker">Access token</p>
      <h2>
        <output className="clock">
          {Math.floor(seconds / 60)}:{String(seconds % 60).padStart(2, "0")}
        </output>{" "}
        left of <code className="token">…{shown?.end ?? "none"}</code>
      </h2>
      <div className="bar" role="progressbar" aria-label="Time left" aria-valuenow={Math.round((shown?.share ?? 0) * 100)}>
        <div style={{ width: `${(shown?.share ?? 0) * 100}%` }} />
      </div>
      <p>
        Shortly before it ends, the next call fetches a new one. However many calls, in however many tabs, need it at that moment: there is one
        request. Open a second tab and try.
      </p>
      <button onClick={() => void tenCalls()}>Let it expire, then make ten calls</button>
      <ol className="log" aria-live="polite">
        {lines.map(({ at, text }, index) => (
          <li key={`${at} ${lines.length - index}`}>
            <time>{new Date(at).toLocaleTimeString(undefined, { hour12: false })}</time> {text}
          </li>
        ))}
      </ol>
    </section>
  );
}
