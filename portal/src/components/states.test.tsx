import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, it, vi } from "vitest";
import { ApiError, NetworkError } from "@/lib/problem";
import { ErrorState } from "./states";

it("says what went wrong and tries again", async () => {
  const retry = vi.fn();
  render(<ErrorState error={new NetworkError()} onRetry={retry} />);
  expect(screen.getByRole("alert")).toHaveTextContent("could not be reached");
  await userEvent.click(screen.getByRole("button", { name: "Try again" }));
  expect(retry).toHaveBeenCalledOnce();
});

it("offers no second try for what isn't there", () => {
  const missing = new ApiError({ type: "", title: "", status: 404, code: "not_found", detail: "", request_id: "r" });
  render(<ErrorState error={missing} onRetry={() => {}} />);
  expect(screen.getByRole("heading", { name: "Not found" })).toBeInTheDocument();
  expect(screen.queryByRole("button")).not.toBeInTheDocument();
});
