import { screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, it, vi } from "vitest";
import { answers, renderAt } from "@/test/render";
import { Sessions } from "./sessions";

const SESSION = {
  id: "ses_1",
  created_at: "2026-11-23T11:00:00Z",
  last_used_at: "2026-11-23T11:00:00Z",
  expires_at: "2026-11-23T11:30:00Z",
  client_address: "192.0.2.1",
  user_agent: "x",
  device: "Firefox on Linux",
  current: false,
};
const OWN = { ...SESSION, id: "ses_2", device: "Safari on macOS", current: true };
const LIST = "GET /v1/portal/developers/sessions";

it("ends another session at once, and offers no end of this one", async () => {
  const routes: Parameters<typeof answers>[0] = {
    [LIST]: [200, { data: [OWN, SESSION] }],
    "DELETE /v1/portal/developers/sessions/ses_1": [204, null],
  };
  vi.stubGlobal("fetch", vi.fn(answers(routes)));
  await renderAt(<Sessions />);
  const [own, other] = await screen.findAllByRole("listitem");
  expect(own).toHaveTextContent("Safari on macOSthis one");
  expect(within(own as HTMLElement).queryByRole("button")).not.toBeInTheDocument();
  expect(other).toHaveTextContent("192.0.2.1");
  routes[LIST] = [200, { data: [OWN] }];
  await userEvent.click(screen.getByRole("button", { name: "End session: Firefox on Linux" }));
  expect(screen.getAllByRole("listitem")).toHaveLength(1);
});

it("shows a session again that could not be ended", async () => {
  vi.stubGlobal("fetch", vi.fn(answers({ [LIST]: [200, { data: [OWN, SESSION] }] })));
  await renderAt(<Sessions />);
  await userEvent.click(await screen.findByRole("button", { name: "End session: Firefox on Linux" }));
  await vi.waitFor(() => expect(screen.getAllByRole("listitem")).toHaveLength(2));
});
