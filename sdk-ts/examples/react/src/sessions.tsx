import type { UserSession } from "@devauth/sdk";
import { useCallback, useEffect, useState } from "react";

import { client } from "./client";

const when = (text: string) => new Date(text).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });

export function Sessions() {
  const [sessions, setSessions] = useState<UserSession[] | null>(null);
  const [failed, setFailed] = useState(false);
  const load = useCallback(() => void client.listSessions().then(setSessions, () => setFailed(true)), []);
  useEffect(load, [load]);

  return (
    <section className="card">
      <p className="kicker">Sessions</p>
      <h1>Where you are logged in</h1>
      {failed && (
        <p className="error" role="alert">
          The list can't be had right now.
        </p>
      )}
      <ul className="sessions">
        {sessions?.map((session) => (
          <li key={session.id}>
            <div>
              <strong>{session.device ?? "A device"}</strong> {session.current && <span className="tag good">this one</span>}
              <small>
                {session.client_address ?? "address unknown"} · logged in {when(session.created_at)} · last used {when(session.last_used_at)}
              </small>
            </div>
            <button className="quiet" onClick={() => void client.revokeSession(session.id).then(load, load)}>
              {session.current ? "Log out here" : "End"}
            </button>
          </li>
        ))}
      </ul>
      <button className="danger" onClick={() => void client.logoutAll().catch(() => setFailed(true))}>
        Log out everywhere
      </button>
    </section>
  );
}
