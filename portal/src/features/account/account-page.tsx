export function AccountPage(_: Record<string, unknown>) {
  return null;
}
