import { useQuery } from "@tanstack/react-query";
import { applicationQuery } from "@/api/applications";
import { Page } from "@/components/page";
import { Section } from "@/components/ui/card";
import { Loading, Skeleton } from "@/components/ui/skeleton";
import { DangerZone } from "./danger-zone";
import { GeneralForm, PasswordsForm, SessionsForm, SignupForm, UrlsForm } from "./forms";

/** What a developer sets for an application. */
export function SettingsPage({ appId }: { appId: string }) {
  const { data: application } = useQuery(applicationQuery(appId));
  return (
    <Page title="Settings">
      {application === undefined ? (
        <Loading what="settings">
          <div className="grid gap-5">
            <Skeleton className="h-52" />
            <Skeleton className="h-84" />
          </div>
        </Loading>
      ) : (
        <div className="grid grid-cols-1 gap-5">
          <GeneralForm application={application} />
          <UrlsForm application={application} />
          <SignupForm application={application} />
          <PasswordsForm application={application} />
          <SessionsForm application={application} />
          <Section title="Danger zone" className="mt-4">
            <DangerZone application={application} />
          </Section>
        </div>
      )}
    </Page>
  );
}
