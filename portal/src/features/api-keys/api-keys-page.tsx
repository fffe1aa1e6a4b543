export function ApiKeysPage(_: Record<string, unknown>) {
  return null;
}
