import { useUser } from "@devauth/sdk/react";
import { useState } from "react";

import { Backend } from "./backend";
import { backendUrl, client } from "./client";
import { TokenWatch } from "./token-watch";

export function Account() {
  const user = useUser();
  const [asked, setAsked] = useState(false);
  if (!user) return null;
  return (
    <>
      <section className="card">
        <p className="kicker">Logged in as</p>
        <h1>{user.email}</h1>
        <dl>
          <div>
            <dt>Address</dt>
            <dd>
              {user.email_verified ? (
                <span className="tag good">confirmed</span>
              ) : (
                <>
                  <span className="tag">not confirmed</span>{" "}
                  <button className="link" disabled={asked} onClick={() => void client.requestEmailVerification(user.email).then(() => setAsked(true))}>
                    {asked ? "A mail is on its way" : "Mail me the link again"}
                  </button>
                </>
              )}
            </dd>
          </div>
          <div>
            <dt>Reader since</dt>
            <dd>{new Date(user.created_at).toLocaleDateString(undefined, { dateStyle: "long" })}</dd>
          </div>
          <div>
            <dt>User id</dt>
            <dd>
              <code>{user.id}</code>
            </dd>
          </div>
        </dl>
      </section>
      <TokenWatch />
      {backendUrl && <Backend url={backendUrl} />}
    </>
  );
}
