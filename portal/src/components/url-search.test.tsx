import { act, fireEvent, render, screen } from "@testing-library/react";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { UrlSearch } from "./url-search";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it("searches once one pauses, and not at each key", () => {
  const onSearch = vi.fn();
  render(<UrlSearch label="Search" value="" onSearch={onSearch} />);
  for (const text of ["a", "ad", "ada "]) fireEvent.change(screen.getByRole("searchbox"), { target: { value: text } });
  expect(onSearch).not.toHaveBeenCalled();
  act(() => vi.advanceTimersByTime(300));
  expect(onSearch.mock.calls).toEqual([["ada"]]);
});

it("follows the URL, but its own words coming back late overwrite nothing", () => {
  const onSearch = vi.fn();
  const { rerender } = render(<UrlSearch label="Search" value="" onSearch={onSearch} />);
  const input = screen.getByRole<HTMLInputElement>("searchbox");
  fireEvent.change(input, { target: { value: "ada" } });
  act(() => vi.advanceTimersByTime(300));
  fireEvent.change(input, { target: { value: "adal" } });
  rerender(<UrlSearch label="Search" value="ada" onSearch={onSearch} />);
  expect(input.value).toBe("adal");
  rerender(<UrlSearch label="Search" value="from a link" onSearch={onSearch} />);
  expect(input.value).toBe("from a link");
});
