export function DashboardPage(_: Record<string, unknown>) {
  return null;
}
