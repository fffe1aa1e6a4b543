// @vitest-environment jsdom
import { act, cleanup, render, screen } from "@testing-library/react";
import { StrictMode, useState } from "react";
import { renderToString } from "react-dom/server";
import { afterEach, expect, it, vi } from "vitest";

import type { DevAuthClient } from "../../src/index.js";
import { AuthGuard, DevAuthProvider, useAuth, useUser } from "../../src/react.js";
import { FakeDevAuth, problem, user } from "../support/fake.js";

afterEach(cleanup);

function Page() {
  const { status, reason, login, logout } = useAuth();
  const [failed, setFailed] = useState("");
  return (
    <>
      <p data-testid="status">{status}</p>
      <p data-testid="reason">{reason ?? "none"}</p>
      <p data-testid="failed">{failed}</p>
      <button onClick={() => login({ email: user.email, password: "x" }).catch((error) => setFailed(error.code))}>Log in</button>
      <button onClick={() => void logout()}>Log out</button>
      <AuthGuard loading="One moment" fallback="Please log in">
        <Hello />
      </AuthGuard>
    </>
  );
}

function Hello() {
  return <>Hello {useUser()!.email}</>;
}

const show = (client: DevAuthClient) =>
  render(
    <StrictMode>
      <DevAuthProvider client={client}>
        <Page />
      </DevAuthProvider>
    </StrictMode>,
  );
const click = (name: string) => act(async () => screen.getByRole("button", { name }).click());

it("shows the guard's children to logged-in users only", async () => {
  show(new FakeDevAuth().client());
  expect(await screen.findByText("Please log in")).toBeTruthy();
  await click("Log in");
  expect(await screen.findByText(`Hello ${user.email}`)).toBeTruthy();
  await click("Log out");
  expect(await screen.findByText("Please log in")).toBeTruthy();
  expect(screen.getByTestId("reason").textContent).toBe("logout");
});

it("knows a session that was there before, and shows nobody the login form meanwhile", async () => {
  show(await new FakeDevAuth().loggedIn());
  expect(screen.getByText("One moment")).toBeTruthy();
  expect(screen.queryByText("Please log in")).toBeNull();
  expect(await screen.findByText(`Hello ${user.email}`)).toBeTruthy();
});

it("hears when the session ends, and why", async () => {
  const fake = new FakeDevAuth();
  const client = await fake.loggedIn();
  show(client);
  await screen.findByText(`Hello ${user.email}`);
  fake.on("GET /v1/auth/me", () => problem(401, "invalid_token")).on("POST /v1/auth/refresh", () => problem(401, "refresh_token_reused"));
  await act(() => client.getMe().catch(() => {}));
  expect(await screen.findByText("Please log in")).toBeTruthy();
  expect(screen.getByTestId("reason").textContent).toBe("reused");
});

it("passes errors on to whoever called", async () => {
  show(new FakeDevAuth().on("POST /v1/auth/login", () => problem(401, "invalid_credentials")).client());
  await screen.findByText("Please log in");
  await click("Log in");
  expect(screen.getByTestId("failed").textContent).toBe("invalid_credentials");
});

it("a server renders what a page begins with", async () => {
  const client = await new FakeDevAuth().loggedIn();
  const html = renderToString(
    <DevAuthProvider client={client}>
      <Page />
    </DevAuthProvider>,
  );
  expect(html).toContain("One moment");
});

it("stops listening when it is gone", async () => {
  const client = new FakeDevAuth().client();
  const stops = vi.fn();
  const listen = client.onAuthStateChange.bind(client);
  vi.spyOn(client, "onAuthStateChange").mockImplementation((listener) => {
    const stop = listen(listener);
    return () => (stops(), stop());
  });
  show(client).unmount();
  // Twice: StrictMode mounts everything twice.
  expect(stops).toHaveBeenCalledTimes(2);
});

it("needs a provider", () => {
  const quiet = vi.spyOn(console, "error").mockImplementation(() => {});
  expect(() => render(<Hello />)).toThrow(expect.objectContaining({ name: "ConfigurationError" }));
  quiet.mockRestore();
});
