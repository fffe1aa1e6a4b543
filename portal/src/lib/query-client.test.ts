import { expect, it, vi } from "vitest";
import { ApiError, type ProblemCode } from "./problem";
import { createQueryClient } from "./query-client";

function refused(code: ProblemCode, status: number) {
  return new ApiError({ type: "", title: "", status, code, detail: "", request_id: "r" });
}

it("says when the session is lost, by a query or by a change, and at no other error", async () => {
  const lost = vi.fn();
  const cache = createQueryClient(lost);
  const fail = (error: Error) => cache.fetchQuery({ queryKey: [error], queryFn: () => Promise.reject(error), retry: false }).catch(() => {});
  await fail(refused("not_found", 404));
  expect(lost).not.toHaveBeenCalled();
  await fail(refused("invalid_token", 401));
  expect(lost).toHaveBeenCalledTimes(1);
  const change = cache.getMutationCache().build(cache, { mutationFn: () => Promise.reject(refused("invalid_token", 401)) });
  await change.execute(undefined).catch(() => {});
  expect(lost).toHaveBeenCalledTimes(2);
});
