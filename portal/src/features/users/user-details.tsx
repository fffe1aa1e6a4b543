import type { ReactNode } from "react";
import type { PastUser, User } from "@/api/users";
import { CopyButton } from "@/components/copy-button";
import { Erased, JsonView } from "@/components/json-view";
import { Moment, Time } from "@/components/time";
import { Badge } from "@/components/ui/badge";
import { Card } from "@/components/ui/card";
import { UserStatus } from "@/components/user-table";
import { cn } from "@/lib/cn";

/** Who a user is. */
export function UserDetails({ user }: { user: User }) {
  return (
    <Card className="p-5 sm:p-6">
      <h2 className="text-base font-semibold">Details</h2>
      <dl className="mt-4 grid grid-cols-2 gap-x-6 gap-y-4">
        <WhoTheyAre user={user} />
        <Fact label="Created">
          <Time at={user.created_at} />
        </Fact>
        <Fact label="Last login">{user.last_login_at === null ? "never" : <Time at={user.last_login_at} />}</Fact>
        <Fact label="Id" wide>
          <code className="min-w-0 font-mono text-[0.8125rem] break-all">{user.id}</code>
          <CopyButton text={user.id} what="user id" />
        </Fact>
        <Metadata metadata={user.metadata} />
      </dl>
    </Card>
  );
}

/** Who a user was at a moment. */
export function UserThen({ user }: { user: PastUser }) {
  return (
    <dl className="grid grid-cols-2 gap-x-6 gap-y-3">
      <WhoTheyAre user={user} />
      <Fact label="Last login by then">{user.last_login_at === null ? "never" : <Moment at={user.last_login_at} />}</Fact>
      <Fact label="Last change by then">
        <Moment at={user.updated_at} />
      </Fact>
      <Metadata metadata={user.metadata} />
    </dl>
  );
}

function WhoTheyAre({ user }: { user: User | PastUser }) {
  return (
    <>
      <Fact label="E-mail" className="col-span-2 sm:col-span-1">
        {user.email === null ? <Erased /> : <bdi className="min-w-0 break-all">{user.email}</bdi>}
        {user.email_verified ? <Badge tone="good">verified</Badge> : <Badge tone="warn">not verified</Badge>}
      </Fact>
      <Fact label="Status" className="col-span-2 sm:col-span-1">
        <UserStatus status={user.status} />
      </Fact>
    </>
  );
}

function Metadata({ metadata }: { metadata: Record<string, unknown> | null }) {
  return (
    <Fact label="Metadata" wide>
      {metadata === null ? (
        <Erased />
      ) : Object.keys(metadata).length === 0 ? (
        <span className="text-soft">none</span>
      ) : (
        <JsonView label="Metadata" value={metadata} className="max-h-72! w-full" literal />
      )}
    </Fact>
  );
}

function Fact({
  label,
  wide = false,
  className,
  children,
}: {
  label: string;
  wide?: boolean;
  className?: string;
  children: ReactNode;
}) {
  return (
    <div className={cn("min-w-0", wide && "col-span-2", className)}>
      <dt className="text-[0.8125rem] text-soft">{label}</dt>
      <dd className="mt-0.5 flex min-h-8 min-w-0 flex-wrap items-center gap-x-2 gap-y-1 text-ink">{children}</dd>
    </div>
  );
}
