import { render, screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, it } from "vitest";
import { BarChart } from "./bar-chart";

const BARS = [
  { date: "2026-01-30", value: 0 },
  { date: "2026-01-31", value: 1200 },
];

it("tells each number to who can't see the bars", () => {
  render(<BarChart bars={BARS} unit="logins" label="Logins" />);
  const rows = within(screen.getByRole("table", { name: "Logins" })).getAllByRole("row");
  expect(rows.map((row) => row.textContent)).toEqual(["30 Jan0", "31 Jan1,200"]);
});

it("is walked through with the arrow keys", async () => {
  render(<BarChart bars={BARS} unit="logins" label="Logins" />);
  await userEvent.tab();
  await userEvent.keyboard("{ArrowLeft}");
  expect(screen.getByText("31 Jan: 1,200 logins")).toBeInTheDocument();
  await userEvent.keyboard("{ArrowLeft}{ArrowLeft}");
  expect(screen.getByText("30 Jan: 0 logins")).toBeInTheDocument();
});
