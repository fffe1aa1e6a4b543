import { screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, it, vi } from "vitest";
import { renderAt } from "@/test/render";
import { SecretDialog } from "./secret-dialog";

it("can't be lost: not by Escape, not by a click beside it, not before the reader says it is safe", async () => {
  const done = vi.fn();
  await renderAt(<SecretDialog title="Ready" secret="dvk_sk_abc" what="secret key" where="Keep it." onDone={done} />);
  expect(screen.getByLabelText("secret key")).toHaveTextContent("dvk_sk_abc");
  await userEvent.keyboard("{Escape}");
  await userEvent.click(document.body, { pointerEventsCheck: 0 });
  expect(screen.getByRole("dialog", { name: "Ready" })).toBeInTheDocument();
  expect(screen.getByRole("button", { name: "Done" })).toBeDisabled();
  expect(screen.queryByRole("button", { name: "Close" })).not.toBeInTheDocument();
  expect(done).not.toHaveBeenCalled();

  await userEvent.click(screen.getByRole("checkbox"));
  await userEvent.click(screen.getByRole("button", { name: "Done" }));
  expect(done).toHaveBeenCalledOnce();
});

it("shows nothing without a secret", async () => {
  await renderAt(<SecretDialog title="Ready" secret={undefined} what="secret key" where="" onDone={() => {}} />);
  expect(screen.queryByRole("dialog")).not.toBeInTheDocument();
});
