export function SettingsPage({ appId }: { appId: string }) {
  return appId;
}
