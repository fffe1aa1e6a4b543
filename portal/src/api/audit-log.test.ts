import { expect, it } from "vitest";
import { type AuditEntry, withNewest } from "./audit-log";

const entry = (id: string) => ({ id }) as AuditEntry;
const page = (ids: string[], next_cursor: string | null = null) => ({ data: ids.map(entry), next_cursor });
const log = (...pages: ReturnType<typeof page>[]) => ({ pages, pageParams: [undefined] });
const idsOf = (known: ReturnType<typeof withNewest>) => known?.pages.flatMap(({ data }) => data.map(({ id }) => id));

it("puts new entries on top, each once, and keeps the pages below", () => {
  const next = withNewest(log(page(["c", "b"], "x"), page(["a"])), page(["e", "d", "c"], "y"));
  expect(idsOf(next)).toEqual(["e", "d", "c", "b", "a"]);
  expect(next?.pages[0]?.next_cursor).toBe("x");
});

it("fills an empty log", () => {
  expect(idsOf(withNewest(log(page([])), page(["a"])))).toEqual(["a"]);
});

it("leaves no gap where more happened than a page holds", () => {
  expect(withNewest(log(page(["a"])), page(["z", "y"], "more"))).toBeUndefined();
});
