import { Badge } from "./ui/badge";

const TONES: Record<string, "neutral" | "warn" | "good"> = { development: "neutral", staging: "warn", production: "good" };

/** What an application is for. */
export function EnvironmentBadge({ environment }: { environment: string }) {
  return <Badge tone={TONES[environment] ?? "neutral"}>{environment}</Badge>;
}
