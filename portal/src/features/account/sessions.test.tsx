import { screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, it, vi } from "vitest";
import { takeToasts } from "@/components/ui/toast";
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

/** A server that lists both sessions once and says nothing more of its own accord; `answer` is what it says to the end of one. */
function slowServer() {
  let answer: (response: Response) => void = () => {};
  const asked: string[] = [];
  vi.stubGlobal("fetch", (request: Request) => {
    const call = `${request.method} ${new URL(request.url).pathname}`;
    const before = asked.includes(call);
    asked.push(call);
    if (call === LIST && !before) return answers({ [LIST]: [200, { data: [OWN, SESSION] }] })(request);
    return new Promise<Response>((resolve) => {
      if (request.method === "DELETE") answer = resolve;
    });
  });
  return { asked, answer: (status: number, body: object | null) => answer(new Response(body && JSON.stringify(body), { status })) };
}

const rows = () => screen.getAllByRole("listitem").length;
const end = async () => userEvent.click(await screen.findByRole("button", { name: "End session: Firefox on Linux" }));

it("offers an end of each session but this one", async () => {
  vi.stubGlobal("fetch", answers({ [LIST]: [200, { data: [OWN, SESSION] }] }));
  await renderAt(<Sessions />);
  const [own, other] = await screen.findAllByRole("listitem");
  expect(own).toHaveTextContent("Safari on macOSthis one");
  expect(within(own as HTMLElement).queryByRole("button")).not.toBeInTheDocument();
  expect(other).toHaveTextContent("192.0.2.1");
  expect(within(other as HTMLElement).getByRole("button")).toBeEnabled();
});

it("takes a session off the list before the server has answered", async () => {
  const server = slowServer();
  await renderAt(<Sessions />);
  await end();
  await vi.waitFor(() => expect(server.asked).toContain("DELETE /v1/portal/developers/sessions/ses_1"));
  expect(rows()).toBe(1);
  server.answer(204, null);
  await vi.waitFor(() => expect(takeToasts()).toMatchObject([{ title: "The session is over", failed: false }]));
  expect(rows()).toBe(1);
});

it("puts a session that could not be ended back on the list, and says so", async () => {
  const server = slowServer();
  await renderAt(<Sessions />);
  await end();
  await vi.waitFor(() => expect(rows()).toBe(1));
  server.answer(503, { code: "unavailable", detail: "", status: 503 });
  // The list is asked for anew and not answered: the row can come from nowhere but the memory of before.
  await vi.waitFor(() => expect(server.asked.filter((call) => call === LIST)).toHaveLength(2));
  expect(rows()).toBe(2);
  expect(takeToasts()).toMatchObject([{ title: "The session goes on", failed: true }]);
});
