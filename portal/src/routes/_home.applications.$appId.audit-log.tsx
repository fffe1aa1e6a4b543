import { createFileRoute } from "@tanstack/react-router";
import { useCallback, useMemo } from "react";
import * as z from "zod/mini";
import type { AuditFilters } from "@/api/audit-log";
import { AuditLogPage } from "@/features/audit-log/audit-log-page";

const text = z.catch(z.optional(z.string()), undefined);
const moment = z.catch(z.optional(z.iso.datetime({ offset: true })), undefined);

export const Route = createFileRoute("/_home/applications/$appId/audit-log")({
  validateSearch: z.object({
    action: text,
    user_id: z.catch(z.optional(z.string().check(z.startsWith("usr_"))), undefined),
    from: moment,
    to: moment,
    live: z.catch(z.optional(z.boolean()), undefined),
  }),
  component: AuditLog,
});

function AuditLog() {
  const { appId } = Route.useParams();
  const { live = false, action, user_id, from, to } = Route.useSearch();
  const navigate = Route.useNavigate();
  const filters = useMemo(() => ({ action, user_id, from, to }), [action, user_id, from, to]);
  const onFilters = useCallback(
    ({ action, user_id, from, to }: AuditFilters) =>
      void navigate({ search: (before) => ({ live: before.live, action, user_id, from, to }), replace: true }),
    [navigate],
  );
  return (
    <AuditLogPage
      key={appId}
      appId={appId}
      filters={filters}
      onFilters={onFilters}
      live={live}
      onLive={(on) => void navigate({ search: (before) => ({ ...before, live: on || undefined }), replace: true })}
    />
  );
}
