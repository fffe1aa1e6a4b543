import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { useState } from "react";
import { expect, it } from "vitest";
import { SearchInput } from "./search-input";

function Page() {
  const [text, setText] = useState("");
  return (
    <>
      <input aria-label="Another" />
      <SearchInput label="Search" value={text} onChange={setText} />
    </>
  );
}

it("is reached with a slash, which stays a slash where one types", async () => {
  render(<Page />);
  await userEvent.keyboard("/books/");
  expect(screen.getByRole("searchbox")).toHaveValue("books/");
  await userEvent.type(screen.getByLabelText("Another"), "a/b");
  expect(screen.getByLabelText("Another")).toHaveValue("a/b");
});
