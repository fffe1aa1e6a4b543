import { type QueryClient, useMutation, useQueryClient } from "@tanstack/react-query";
import { useRouter } from "@tanstack/react-router";
import { developerQuery, logIn, signUp } from "@/api/developers";
import { safeNext } from "@/lib/next";

interface Credentials {
  email: string;
  password: string;
}

/** Logs in and goes where the developer wanted to go. */
export function useLogin(next: string | undefined) {
  return useEntrance(next, enter);
}

/** Makes an account and logs in to it. */
export function useSignup(next: string | undefined) {
  return useEntrance(next, async (cache, { name, ...credentials }: Credentials & { name: string }) => {
    await signUp({ ...credentials, ...(name !== "" && { name }) });
    await enter(cache, credentials);
  });
}

async function enter(cache: QueryClient, credentials: Credentials): Promise<void> {
  const { developer } = await logIn(credentials);
  // Whoever was here before may have been somebody else.
  cache.clear();
  cache.setQueryData(developerQuery.queryKey, developer);
}

function useEntrance<T extends Credentials>(
  next: string | undefined,
  entrance: (cache: QueryClient, input: T) => Promise<void>,
) {
  const cache = useQueryClient();
  const router = useRouter();
  return useMutation({
    mutationFn: (input: T) => entrance(cache, input),
    onSuccess: () => router.history.push(safeNext(next)),
  });
}
