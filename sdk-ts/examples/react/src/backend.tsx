import { useState } from "react";

import { client } from "./client";

/** A call to a backend of the shop's own, as the user. */
export function Backend({ url }: { url: string }) {
  const [answer, setAnswer] = useState("");
  async function ask() {
    try {
      const response = await client.fetch(`${url}/api/me`);
      setAnswer(`${response.status}\n${JSON.stringify(await response.json(), null, 2)}`);
    } catch {
      setAnswer(`There is no answer from ${url}.`);
    }
  }
  return (
    <section className="card">
      <p className="kicker">The shop's own backend</p>
      <h2>Who does it think you are?</h2>
      <p>
        <code>client.fetch</code> sends your access token along; the backend verifies it with DevAuth's public keys.
      </p>
      <button onClick={() => void ask()}>Ask {url.replace(/^https?:\/\//, "")}</button>
      {answer && <pre data-testid="backend">{answer}</pre>}
    </section>
  );
}
