import { screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, it, vi } from "vitest";
import { answers, renderAt } from "@/test/render";
import NewKey from "./new-key";

const KEYS = "/v1/portal/applications/app_1/api-keys";

async function create(status: number, body: unknown) {
  const fetch = vi.fn(answers({ [`POST ${KEYS}`]: [status, body] }));
  vi.stubGlobal("fetch", fetch);
  await renderAt(<NewKey appId="app_1" onClose={() => {}} />);
  await userEvent.type(screen.getByLabelText("Label"), "web server");
  await userEvent.type(screen.getByLabelText(/^Requests a minute/), "1200");
  await userEvent.click(screen.getByRole("button", { name: "Create key" }));
  return fetch;
}

it("sends what was chosen, under a name for the attempt, and shows the key", async () => {
  const fetch = await create(201, { label: "web server", type: "secret", key: "dvk_sk_whole" });
  expect(await screen.findByText("dvk_sk_whole")).toBeInTheDocument();
  const request = fetch.mock.calls[0]?.[0];
  expect(await request?.json()).toEqual({ label: "web server", type: "secret", rate_limit_per_minute: 1200 });
  expect(request?.headers.get("idempotency-key")).toMatch(/^[\w-]{16,64}$/);
});

it("puts what the server says of the limit beside the limit", async () => {
  await create(422, {
    code: "validation_failed",
    status: 422,
    detail: "",
    errors: [{ pointer: "/rate_limit_per_minute", code: "out_of_range", message: "must be less" }],
  });
  expect(await screen.findByText("Must be less.")).toBeInTheDocument();
  expect(screen.getByLabelText(/^Requests a minute/)).toBeInvalid();
});
