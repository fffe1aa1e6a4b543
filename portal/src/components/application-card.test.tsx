import { screen } from "@testing-library/react";
import { expect, it } from "vitest";
import type { Application, Statistics } from "@/api/applications";
import { renderAt } from "@/test/render";
import { ApplicationCard } from "./application-card";

const APPLICATION = { app_id: "app_1", name: "<b>Bookshop</b>", environment: "staging" } as Application;

function statistics(users: number, logins: number): Statistics {
  return { users, verified: 0, suspended: 0, active_sessions: 0, days: [{ date: "2026-01-31", signups: 0, logins }] };
}

it("shows the name as text and leads to the application", async () => {
  await renderAt(<ApplicationCard application={APPLICATION} />);
  expect(screen.getByRole("link", { name: "<b>Bookshop</b>" })).toHaveAttribute("href", "/applications/app_1");
  expect(screen.getByText("staging")).toBeInTheDocument();
});

it.each([
  [1, 1, "1 user·, 1 login today"],
  [12345, 0, "12.3K users·, no logins today"],
])("with %i users and %i logins says %s", async (users, logins, words) => {
  await renderAt(<ApplicationCard application={APPLICATION} statistics={statistics(users, logins)} />);
  expect(screen.getByText(/today$/)).toHaveTextContent(words);
});
