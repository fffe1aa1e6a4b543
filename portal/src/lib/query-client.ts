import { MutationCache, QueryCache, QueryClient } from "@tanstack/react-query";
import { ApiError, isSessionLost, NetworkError } from "./problem";

const TRIES = 3;

/**
 * The cache of everything that was read.
 *
 * @param onSessionLost called whenever an answer says that the session is over
 */
export function createQueryClient(onSessionLost: () => void): QueryClient {
  const onError = (error: unknown) => {
    if (isSessionLost(error)) onSessionLost();
  };
  return new QueryClient({
    queryCache: new QueryCache({ onError }),
    mutationCache: new MutationCache({ onError }),
    defaultOptions: {
      queries: {
        retry: (failures, error) => failures < TRIES && mayPass(error),
        retryDelay: (failures, error) => Math.max(askedToWait(error), 500 * 2 ** failures),
      },
      mutations: { retry: false },
    },
  });
}

/** For changes that carry an `Idempotency-Key`: a broken connection is tried once more. */
export function retryOverBrokenConnection(failures: number, error: unknown): boolean {
  return failures < 1 && error instanceof NetworkError;
}

/** Whether the same request may succeed a moment later. */
function mayPass(error: unknown): boolean {
  return error instanceof NetworkError || (error instanceof ApiError && [429, 503].includes(error.status));
}

/** Milliseconds, at most 10 s: longer waits are the person's to decide. */
function askedToWait(error: unknown): number {
  const seconds = error instanceof ApiError ? (error.retryAfter ?? 0) : 0;
  return Math.min(seconds, 10) * 1000;
}
