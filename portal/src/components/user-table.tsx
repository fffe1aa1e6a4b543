import { Link } from "@tanstack/react-router";
import type { User } from "@/api/users";
import { Time } from "./time";
import { Badge } from "./ui/badge";
import { Card } from "./ui/card";
import { Table, Td, Th, Tr } from "./ui/table";

interface UserTableProps {
  appId: string;
  users: readonly User[];
}

const ROW = "relative transition-colors hover:bg-hover has-focus-visible:bg-hover";

/** Users as a table, or as cards where a table would not fit. The whole row leads to the user. */
export function UserTable({ appId, users }: UserTableProps) {
  return (
    <>
      <div className="hidden md:block">
        <Table label="Users" className="table-fixed">
          <thead>
            <tr>
              <Th>E-mail</Th>
              <Th className="w-30">Verified</Th>
              <Th className="w-34">Created</Th>
              <Th className="w-34">Last login</Th>
              <Th className="w-30">Status</Th>
            </tr>
          </thead>
          <tbody>
            {users.map((user) => (
              <Tr key={user.id} className={ROW}>
                <Td>
                  <UserLink appId={appId} user={user} className="block truncate" />
                </Td>
                <Td>
                  <Verified user={user} />
                </Td>
                <Td>
                  <Time at={user.created_at} />
                </Td>
                <Td>
                  <LastLogin user={user} />
                </Td>
                <Td>
                  <UserStatus status={user.status} />
                </Td>
              </Tr>
            ))}
          </tbody>
        </Table>
      </div>
      <Card className="overflow-hidden md:hidden">
        <ul aria-label="Users" className="divide-y divide-line">
          {users.map((user) => (
            <li key={user.id} className={`min-w-0 px-4 py-3 ${ROW}`}>
              <div className="flex items-start justify-between gap-3">
                <UserLink appId={appId} user={user} className="line-clamp-2 min-w-0 break-all" />
                <UserStatus status={user.status} />
              </div>
              <p className="mt-0.5 text-[0.8125rem] text-soft">
                {user.email_verified ? "verified" : "not verified"},{" "}
                <span className="inline-block">
                  created <Time at={user.created_at} />,
                </span>{" "}
                <span className="inline-block">
                  {user.last_login_at === null ? (
                    "never logged in"
                  ) : (
                    <>
                      last login <Time at={user.last_login_at} />
                    </>
                  )}
                </span>
              </p>
            </li>
          ))}
        </ul>
      </Card>
    </>
  );
}

/** The address in full when one points at it, however little of it fits. */
function UserLink({ appId, user, className }: { appId: string; user: User; className: string }) {
  return (
    <Link
      to="/applications/$appId/users/$userId"
      params={{ appId, userId: user.id }}
      title={user.email}
      className={`font-medium text-ink outline-none after:absolute after:inset-0 after:rounded-[inherit] focus-visible:after:outline-2 focus-visible:after:-outline-offset-2 focus-visible:after:outline-primary ${className}`}
    >
      <bdi>{user.email}</bdi>
    </Link>
  );
}

function Verified({ user }: { user: User }) {
  return user.email_verified ? <Badge tone="good">verified</Badge> : <Badge>not verified</Badge>;
}

function LastLogin({ user }: { user: User }) {
  return user.last_login_at === null ? <span className="text-soft">never</span> : <Time at={user.last_login_at} />;
}

/** Whether a user may log in. */
export function UserStatus({ status }: { status: string }) {
  return <Badge tone={status === "active" ? "good" : "bad"}>{status}</Badge>;
}
