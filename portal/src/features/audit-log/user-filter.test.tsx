import { screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { useState } from "react";
import { expect, it, vi } from "vitest";
import { answers, renderAt } from "@/test/render";
import { UserFilter } from "./user-filter";

const USERS = "/v1/portal/applications/app_1/users";
const ADA = { id: "usr_01ja3vks5re0b8n1q2s4t6v8wx", email: "ada@example.com" };
const page = (data: object[]) => ({ data, total: data.length, page: 1, limit: 25, next_cursor: null });

async function show(found: object[]) {
  const chosen = vi.fn();
  const fetch = vi.fn(answers({ [`GET ${USERS}`]: [200, page(found)], [`GET ${USERS}/${ADA.id}`]: [200, ADA] }));
  vi.stubGlobal("fetch", fetch);
  function Chooser() {
    const [value, setValue] = useState<string>();
    return (
      <UserFilter
        appId="app_1"
        value={value}
        onUser={(user) => {
          chosen(user);
          setValue(user);
        }}
      />
    );
  }
  await renderAt(<Chooser />);
  return { chosen, input: screen.getByRole<HTMLInputElement>("searchbox", { name: "E-mail or user id" }) };
}

it("finds a user by a part of the address, with the keyboard alone, and shows the address", async () => {
  const { chosen, input } = await show([ADA]);
  await userEvent.type(input, "ada");
  await screen.findByRole("button", { name: ADA.email });
  await userEvent.keyboard("{ArrowDown}{Enter}");
  expect(chosen).toHaveBeenLastCalledWith(ADA.id);
  expect(input.value).toBe(ADA.email);
  expect(input).toHaveFocus();
  expect(screen.queryByRole("list")).not.toBeInTheDocument();

  await userEvent.clear(input);
  await vi.waitFor(() => expect(chosen).toHaveBeenLastCalledWith(undefined));
});

it("takes a whole id as it is, and asks for nobody by a part of one", async () => {
  const { chosen, input } = await show([]);
  await userEvent.type(input, "usr_01ja");
  await vi.waitFor(() => expect(chosen).toHaveBeenCalledWith(undefined));
  expect(screen.queryByRole("status")).not.toBeInTheDocument();
  await userEvent.clear(input);
  await userEvent.type(input, ADA.id);
  await vi.waitFor(() => expect(chosen).toHaveBeenLastCalledWith(ADA.id));
});

it("says when there is nobody, and forgets what was looked for when one goes elsewhere", async () => {
  const { input } = await show([]);
  await userEvent.type(input, "nobody");
  expect(await screen.findByText("Nobody has such an address.")).toBeInTheDocument();
  await userEvent.tab();
  expect(screen.queryByText("Nobody has such an address.")).not.toBeInTheDocument();
  expect(input.value).toBe("");
});
