export function DashboardPage(_: { search: string; onSearch: (text: string) => void; creating: boolean; onCreating: (creating: boolean) => void }) {
  return null;
}
