import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { applicationQuery } from "@/api/applications";
import { TitleWithin } from "./page";
import { ErrorState } from "./states";

/** The pages of an application, or why they can't be shown. Each page shows for itself that it is loading. */
export function ApplicationFrame({ appId, children }: { appId: string; children: ReactNode }) {
  const application = useQuery(applicationQuery(appId));
  if (application.isError && application.data === undefined) {
    return <ErrorState error={application.error} onRetry={() => void application.refetch()} />;
  }
  return <TitleWithin value={application.data?.name}>{children}</TitleWithin>;
}
