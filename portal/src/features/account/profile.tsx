import type { ReactNode } from "react";
import type { Developer } from "@/api/developers";
import { CopyButton } from "@/components/copy-button";
import { Badge } from "@/components/ui/badge";
import { Card } from "@/components/ui/card";
import { cn } from "@/lib/cn";
import { dateOf } from "@/lib/time";
import { NameForm } from "./name-form";

/** Who the developer is. */
export function Profile({ developer }: { developer: Developer }) {
  return (
    <Card className="p-5 sm:p-6">
      <h2 className="text-base font-semibold">Profile</h2>
      <dl className="mt-4 mb-5 grid gap-x-6 gap-y-4 border-b border-line pb-5 sm:grid-cols-2">
        <Fact label="E-mail">
          <span className="flex flex-wrap items-center gap-x-2 gap-y-1">
            <bdi className="break-all">{developer.email}</bdi>
            {developer.email_verified ? <Badge tone="good">verified</Badge> : <Badge tone="warn">not verified</Badge>}
          </span>
        </Fact>
        <Fact label="Developer since">{dateOf(developer.created_at)}</Fact>
        <Fact label="Id" className="sm:col-span-2">
          <span className="flex items-center">
            <code className="min-w-0 font-mono text-[0.8125rem] break-all">{developer.id}</code>
            <CopyButton text={developer.id} what="your id" />
          </span>
        </Fact>
      </dl>
      <NameForm developer={developer} />
    </Card>
  );
}

function Fact({ label, className, children }: { label: string; className?: string; children: ReactNode }) {
  return (
    <div className={cn("min-w-0", className)}>
      <dt className="text-[0.8125rem] text-soft">{label}</dt>
      <dd className="mt-0.5 flex min-h-8 items-center text-ink">{children}</dd>
    </div>
  );
}
