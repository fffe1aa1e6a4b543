import { act, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, it, vi } from "vitest";
import { NetworkError } from "@/lib/problem";
import { renderAt } from "@/test/render";
import { ConfirmDialog } from "./confirm-dialog";

async function show(props: { typed?: string; onConfirm?: () => Promise<unknown> }) {
  const onConfirm = vi.fn(props.onConfirm ?? (async () => {}));
  const onOpenChange = vi.fn();
  await renderAt(
    <ConfirmDialog
      open
      title="Delete Bookshop?"
      description="You lose its users."
      action="Delete"
      {...props}
      onConfirm={onConfirm}
      onOpenChange={onOpenChange}
    />,
  );
  return { onConfirm, onOpenChange, action: screen.getByRole("button", { name: "Delete" }) };
}

it("does it once the name was typed, and not before", async () => {
  const { action, onConfirm, onOpenChange } = await show({ typed: "Bookshop" });
  expect(action).toBeDisabled();
  await userEvent.type(screen.getByLabelText("To confirm, type Bookshop"), "bookshop{Enter}");
  expect(onConfirm).not.toHaveBeenCalled();
  await userEvent.clear(screen.getByRole("textbox"));
  await userEvent.type(screen.getByRole("textbox"), "Bookshop");
  await userEvent.click(action);
  expect(onConfirm).toHaveBeenCalledOnce();
  expect(onOpenChange).toHaveBeenCalledWith(false);
});

it("stays, and says why, where it did not work", async () => {
  const { action, onOpenChange } = await show({ onConfirm: () => Promise.reject(new NetworkError()) });
  await userEvent.click(action);
  expect(await screen.findByRole("alert")).toHaveTextContent("could not be reached");
  expect(onOpenChange).not.toHaveBeenCalled();
});

it("does it once, however often one presses", async () => {
  let finish = () => {};
  const { action, onConfirm } = await show({ onConfirm: () => new Promise<void>((resolve) => (finish = resolve)) });
  await userEvent.dblClick(action);
  expect(onConfirm).toHaveBeenCalledOnce();
  finish();
});

it("closes on Escape without doing it", async () => {
  const { onConfirm, onOpenChange } = await show({});
  await userEvent.keyboard("{Escape}");
  expect(onOpenChange).toHaveBeenCalledWith(false);
  expect(onConfirm).not.toHaveBeenCalled();
});

it("takes a name as one reads it: marks that can't be seen and doubled spaces can't be typed", async () => {
  const { action } = await show({ typed: "\u200fBook  shop " });
  await userEvent.type(screen.getByRole("textbox"), "Book shop");
  expect(action).toBeEnabled();
});

it("can't be left while it is done: what came of it is said in it", async () => {
  let finish = () => {};
  const { action, onOpenChange } = await show({ onConfirm: () => new Promise<void>((resolve) => (finish = resolve)) });
  await userEvent.click(action);
  await userEvent.keyboard("{Escape}");
  expect(screen.getByRole("button", { name: "Cancel" })).toBeDisabled();
  expect(onOpenChange).not.toHaveBeenCalled();
  await act(async () => finish());
  expect(onOpenChange).toHaveBeenCalledExactlyOnceWith(false);
});
