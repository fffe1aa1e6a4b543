import { useQuery } from "@tanstack/react-query";
import { applicationQuery } from "@/api/applications";
import { CopyButton } from "@/components/copy-button";
import { EnvironmentBadge } from "@/components/environment-badge";
import { Page } from "@/components/page";
import { QuickStart } from "./quick-start";
import type { Language } from "./snippets";
import { StatisticsCards } from "./statistics";

/** An application: what it is called, how it does, how to use it. */
export function OverviewPage({
  appId,
  language,
  onLanguage,
}: {
  appId: string;
  language: Language;
  onLanguage: (language: Language) => void;
}) {
  const { data: application } = useQuery(applicationQuery(appId));
  return (
    <Page
      title={application?.name ?? "\u00a0"}
      description={
        <div className="mt-1 flex min-w-0 flex-wrap items-center gap-x-3 gap-y-1">
          {application !== undefined && <EnvironmentBadge environment={application.environment} />}
          <span className="flex min-w-0 items-center">
            <code className="min-w-0 font-mono text-[0.8125rem] break-all text-soft">{appId}</code>
            <CopyButton text={appId} what="app id" />
          </span>
        </div>
      }
    >
      <div className="grid grid-cols-1 gap-9">
        <StatisticsCards appId={appId} />
        <QuickStart appId={appId} language={language} onLanguage={onLanguage} />
      </div>
    </Page>
  );
}
