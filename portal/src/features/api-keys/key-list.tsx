import type { ApiKey } from "@/api/api-keys";
import { Time } from "@/components/time";
import { Badge } from "@/components/ui/badge";
import { Button } from "@/components/ui/button";
import { Card } from "@/components/ui/card";
import { Table, Td, Th, Tr } from "@/components/ui/table";
import { count } from "@/lib/number";

interface KeyListProps {
  keys: readonly ApiKey[];
  onRevoke: (key: ApiKey) => void;
}

/** Keys as a table, or as cards where a table would not fit. */
export function KeyList(props: KeyListProps) {
  return (
    <>
      <div className="hidden md:block">
        <KeyTable {...props} />
      </div>
      <ul className="grid grid-cols-1 gap-3 md:hidden">
        {props.keys.map((key) => (
          <li key={key.id}>
            <KeyCard apiKey={key} onRevoke={props.onRevoke} />
          </li>
        ))}
      </ul>
    </>
  );
}

function KeyTable({ keys, onRevoke }: KeyListProps) {
  return (
    <Table label="API keys">
      <thead>
        <tr>
          <Th>Label</Th>
          <Th>Key</Th>
          <Th>Limit</Th>
          <Th>Created</Th>
          <Th>Last used</Th>
          <Th>
            <span className="sr-only">Actions</span>
          </Th>
        </tr>
      </thead>
      <tbody>
        {keys.map((key) => (
          <Tr key={key.id}>
            <Td className="max-w-56">
              <bdi className="block truncate font-medium text-ink" title={key.label}>
                {key.label}
              </bdi>
            </Td>
            <Td className="whitespace-nowrap">
              <Prefix apiKey={key} />
            </Td>
            <Td className="whitespace-nowrap">
              <Limit apiKey={key} />
            </Td>
            <Td>
              <Time at={key.created_at} />
            </Td>
            <Td>{key.last_used_at === null ? <span className="text-soft">never</span> : <Time at={key.last_used_at} />}</Td>
            <Td className="text-right">
              <Revoke apiKey={key} onRevoke={onRevoke} />
            </Td>
          </Tr>
        ))}
      </tbody>
    </Table>
  );
}

function KeyCard({ apiKey, onRevoke }: { apiKey: ApiKey; onRevoke: (key: ApiKey) => void }) {
  return (
    <Card className="p-4">
      <div className="flex items-start justify-between gap-3">
        <bdi className="min-w-0 font-medium break-words text-ink">{apiKey.label}</bdi>
        <Revoke apiKey={apiKey} onRevoke={onRevoke} />
      </div>
      <p className="mt-1">
        <Prefix apiKey={apiKey} />
      </p>
      <p className="mt-2 text-[0.8125rem] text-soft">
        Created <Time at={apiKey.created_at} />, {apiKey.last_used_at === null ? "never used" : <>used <Time at={apiKey.last_used_at} /></>}
        {apiKey.rate_limit_per_minute !== null && `, ${count(apiKey.rate_limit_per_minute)} a minute`}
      </p>
    </Card>
  );
}

function Prefix({ apiKey }: { apiKey: ApiKey }) {
  return (
    <span className="inline-flex items-center gap-2">
      <code className="font-mono text-[0.8125rem] text-ink">{apiKey.prefix}…</code>
      <Badge tone={apiKey.type === "secret" ? "neutral" : "primary"}>{apiKey.type}</Badge>
    </span>
  );
}

function Limit({ apiKey }: { apiKey: ApiKey }) {
  if (apiKey.rate_limit_per_minute === null) return <span className="text-soft">default</span>;
  return <>{count(apiKey.rate_limit_per_minute)} / min</>;
}

function Revoke({ apiKey, onRevoke }: { apiKey: ApiKey; onRevoke: (key: ApiKey) => void }) {
  if (apiKey.revoked_at !== null) return <Badge tone="bad">revoked</Badge>;
  return (
    <Button look="danger-quiet" size="small" aria-label={`Revoke ${apiKey.label}`} onClick={() => onRevoke(apiKey)}>
      Revoke
    </Button>
  );
}
