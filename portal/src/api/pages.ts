interface Page<T> {
  data: T[];
  next_cursor: string | null;
}

/** All objects of a list that is short enough to be shown as a whole, page by page of 100. */
export async function allPages<T>(page: (query: { limit: number; cursor?: string }) => Promise<Page<T>>): Promise<T[]> {
  const all: T[] = [];
  let cursor: string | null = null;
  do {
    const { data, next_cursor }: Page<T> = await page({ limit: 100, ...(cursor !== null && { cursor }) });
    all.push(...data);
    cursor = next_cursor;
  } while (cursor !== null);
  return all;
}
