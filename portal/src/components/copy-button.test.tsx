import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, it } from "vitest";
import { CopyButton } from "./copy-button";

it("copies the text and says so", async () => {
  const user = userEvent.setup();
  render(<CopyButton text="app_1" what="app id" />);
  await user.click(screen.getByRole("button", { name: "Copy app id" }));
  expect(await navigator.clipboard.readText()).toBe("app_1");
  expect(screen.getByRole("status")).toHaveTextContent("Copied app id");
});
