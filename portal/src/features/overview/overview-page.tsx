export function OverviewPage(_: Record<string, unknown>) {
  return null;
}
