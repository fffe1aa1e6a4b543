import { ApiError, NetworkError } from "@devauth/sdk";
import { useAuth } from "@devauth/sdk/react";
import { type FormEvent, type ReactNode, useState } from "react";

import { client } from "./client";
import { go, Link } from "./route";

interface Field {
  name: string;
  label: string;
  type: "email" | "password";
  autoComplete: string;
  hint?: string;
}

const EMAIL: Field = { name: "email", label: "Email", type: "email", autoComplete: "username" };
const PASSWORD: Field = { name: "password", label: "Password", type: "password", autoComplete: "current-password" };
const NEW_PASSWORD: Field = {
  ...PASSWORD,
  autoComplete: "new-password",
  hint: "At least 8 characters, and not easy to guess: a few unrelated words do well.",
};

/** One word for each code that people meet here; DevAuth's own sentence for the rest. */
function explain(error: unknown): string {
  if (error instanceof NetworkError) return "The shop can't be reached. Are you online?";
  if (!(error instanceof ApiError)) return "Something went wrong on this page.";
  const minutes = Math.ceil((error.retryAfter ?? 60) / 60);
  switch (error.code) {
    case "email_taken":
      return "There is an account with this address already. Log in instead?";
    case "invalid_credentials":
      return "The email address or the password is wrong.";
    case "account_locked":
      return `Too many tries. Wait ${minutes} minutes, or set a new password.`;
    case "token_invalid":
      return "This link was used already or is too old. Ask for a new one.";
    default:
      return error.message;
  }
}

interface FormProps {
  title: string;
  fields: Field[];
  action: string;
  send(values: Record<string, string>): Promise<unknown>;
  children?: ReactNode;
}

function Form({ title, fields, action, send, children }: FormProps) {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const details = error instanceof ApiError ? error.errors : [];
  const beside = (name: string) => details.find((detail) => detail.pointer === `/${name}`)?.message;

  async function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const values = Object.fromEntries(new FormData(event.currentTarget)) as Record<string, string>;
    setBusy(true);
    setError(null);
    await send(values).catch(setError);
    setBusy(false);
  }

  return (
    <form className="card narrow" onSubmit={submit}>
      <h1>{title}</h1>
      {error !== null && details.length === 0 && (
        <p className="error" role="alert">
          {explain(error)}
        </p>
      )}
      {fields.map(({ hint, label, ...field }) => {
        const wrong = beside(field.name);
        return (
          <label key={field.name}>
            {label}
            <input {...field} required aria-invalid={wrong !== undefined} />
            {wrong ? (
              <small className="wrong" role="alert">
                {wrong}
              </small>
            ) : (
              hint && <small>{hint}</small>
            )}
          </label>
        );
      })}
      <button disabled={busy}>{busy ? "One moment…" : action}</button>
      {children && <p className="more">{children}</p>}
    </form>
  );
}

function Done({ title, children }: { title: string; children: ReactNode }) {
  return (
    <div className="card narrow" role="status">
      <h1>{title}</h1>
      <p>{children}</p>
    </div>
  );
}

export function Login() {
  const { login, reason } = useAuth();
  const over = reason !== null && reason !== "logout";
  const send = async ({ email = "", password = "" }: Record<string, string>) => {
    await login({ email, password });
    if (location.pathname === "/login") go("/");
  };
  return (
    <>
      {over && (
        <p className="notice" role="status">
          {reason === "elsewhere" ? "You logged out in another tab." : "Your session is over. Please log in again."}
        </p>
      )}
      <Form title="Welcome back" fields={[EMAIL, PASSWORD]} action="Log in" send={send}>
        <Link to="/forgot">Forgot your password?</Link> <span>New here? <Link to="/signup">Sign up</Link></span>
      </Form>
    </>
  );
}

export function Signup() {
  const { signup, login } = useAuth();
  const send = async ({ email = "", password = "" }: Record<string, string>) => {
    await signup({ email, password });
    await login({ email, password });
    go("/");
  };
  return (
    <Form title="Become a reader" fields={[EMAIL, NEW_PASSWORD]} action="Sign up" send={send}>
      <span>Been here before? <Link to="/login">Log in</Link></span>
    </Form>
  );
}

export function Forgot() {
  const [sent, setSent] = useState(false);
  if (sent) return <Done title="Look into your mail">If we know the address, a link is on its way. It works for an hour.</Done>;
  const send = ({ email = "" }: Record<string, string>) => client.requestPasswordReset(email).then(() => setSent(true));
  return <Form title="A new password" fields={[EMAIL]} action="Mail me a link" send={send} />;
}

/** The token of the mailed link. */
const token = (): string => new URLSearchParams(location.search).get("token") ?? "";

export function Verify() {
  const [done, setDone] = useState(false);
  if (done) return <Done title="Thank you">Your address is confirmed. <Link to="/">Go on</Link></Done>;
  // A button, because scanners of mail open links: only a person presses it.
  return <Form title="Is this your address?" fields={[]} action="Yes, confirm it" send={() => client.verifyEmail(token()).then(() => setDone(true))} />;
}

export function Reset() {
  const [done, setDone] = useState(false);
  if (done) return <Done title="That worked">All your sessions have ended. <Link to="/login">Log in</Link> with the new password.</Done>;
  const send = ({ password = "" }: Record<string, string>) => client.confirmPasswordReset({ token: token(), password }).then(() => setDone(true));
  return <Form title="Choose a new password" fields={[NEW_PASSWORD]} action="Save it" send={send} />;
}
