import { render, screen } from "@testing-library/react";
import { expect, it } from "vitest";
import { JsonView } from "./json-view";

function shown(value: unknown, literal = false): string {
  render(<JsonView label="payload" value={value} literal={literal} />);
  return screen.getByRole("region", { name: "payload" }).textContent;
}

it("shows markup as text", () => {
  expect(shown({ name: "<img src=x onerror=alert(1)>" })).toContain('"<img src=x onerror=alert(1)>"');
  expect(document.querySelector("img")).toBeNull();
});

it("writes out marks that would turn the line", () => {
  expect(shown({ "\u202Ea": ["\u2066b"] })).toBe('{\n  "\\u202ea": [\n    "\\u2066b"\n  ]\n}');
});

it("says that personal values of an erased person are erased, and leaves other nulls", () => {
  expect(shown({ email: null, user_agent: null, client_address: null, kept_session: null })).toBe(
    '{\n  "email": erased,\n  "user_agent": erased,\n  "client_address": erased,\n  "kept_session": null\n}',
  );
});

it("takes a client without a name, and what the service did by itself, for what they are", () => {
  expect(shown({ client_address: "192.0.2.1", user_agent: null, by: { actor: { type: "service" }, client_address: null } })).not.toContain(
    "erased",
  );
});

it("leaves metadata of an application alone", () => {
  expect(shown({ email: null }, true)).not.toContain("erased");
});
