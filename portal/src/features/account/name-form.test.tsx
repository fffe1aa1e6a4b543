import { useQuery } from "@tanstack/react-query";
import { screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, it, vi } from "vitest";
import { type Developer, developerQuery } from "@/api/developers";
import { answers, renderAt } from "@/test/render";
import { NameForm } from "./name-form";

const GRACE: Developer = {
  id: "dev_1",
  email: "grace@example.com",
  email_verified: true,
  name: "Grace",
  created_at: "2026-11-23T11:00:00Z",
  updated_at: "2026-11-23T11:00:00Z",
  last_login_at: null,
};
const ME = "GET /v1/portal/developers/me";
const CHANGE = "PATCH /v1/portal/developers/me";

/** What was sent, as the server answers `answer`. */
function server(answer: [number, unknown]) {
  const sent: unknown[] = [];
  vi.stubGlobal("fetch", async (request: Request) => {
    if (request.method === "PATCH") sent.push(await request.clone().json());
    return answers({ [ME]: [200, { developer: GRACE }], [CHANGE]: answer })(request);
  });
  return sent;
}

function Own() {
  const { data } = useQuery(developerQuery);
  return data && <NameForm developer={data} />;
}

it("saves a new name, and none as null", async () => {
  const sent = server([200, { developer: { ...GRACE, name: "Amazing Grace" } }]);
  await renderAt(<Own />);
  const save = await screen.findByRole("button", { name: "Save name" });
  expect(save).toBeDisabled();
  await userEvent.clear(screen.getByLabelText(/^Name/));
  await userEvent.type(screen.getByLabelText(/^Name/), " Amazing Grace ");
  await userEvent.click(save);
  await vi.waitFor(() => expect(sent).toEqual([{ name: "Amazing Grace" }]));
  await vi.waitFor(() => expect(save).toBeDisabled());
  await userEvent.clear(screen.getByLabelText(/^Name/));
  await userEvent.click(save);
  await vi.waitFor(() => expect(sent.at(-1)).toEqual({ name: null }));
});

it("shows at the field what the server finds wrong with it", async () => {
  const problem = { code: "validation_failed", detail: "", status: 422, errors: [{ pointer: "/name", code: "invalid_character", message: "must not have marks of direction" }] };
  server([422, problem]);
  await renderAt(<Own />);
  await userEvent.type(await screen.findByLabelText(/^Name/), "x");
  await userEvent.click(screen.getByRole("button", { name: "Save name" }));
  expect(await screen.findByRole("alert")).toHaveTextContent("Must not have marks of direction.");
  expect(screen.getByLabelText(/^Name/)).toHaveAccessibleDescription(/Must not have marks/);
  expect(screen.getByLabelText(/^Name/)).toHaveFocus();
});
