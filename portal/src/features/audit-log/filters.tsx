import { useCallback } from "react";
import { ACTIONS, type AuditFilters } from "@/api/audit-log";
import { MomentInput } from "@/components/moment-input";
import { Field } from "@/components/ui/field";
import { Select } from "@/components/ui/input";
import { sentence } from "@/lib/wording";
import { UserFilter } from "./user-filter";

/** Narrows the audit log. */
export function Filters({
  appId,
  filters,
  onFilters,
}: {
  appId: string;
  filters: AuditFilters;
  onFilters: (filters: AuditFilters) => void;
}) {
  const onUser = useCallback((user_id: string | undefined) => onFilters({ ...filters, user_id }), [filters, onFilters]);
  return (
    <div role="search" aria-label="Audit log" className="mb-4 grid items-end gap-3 sm:grid-cols-2 xl:grid-cols-4">
      <Field label="Action">
        <Select
          value={filters.action ?? ""}
          onChange={(event) => onFilters({ ...filters, action: event.target.value || undefined })}
        >
          <option value="">All actions</option>
          {ACTIONS.map((action) => (
            <option key={action} value={action}>
              {sentence(action)}
            </option>
          ))}
        </Select>
      </Field>
      <div className="min-w-0">
        {/* The field says it itself to those who can't see this. */}
        <p aria-hidden className="mb-1.5 font-medium text-ink">
          User
        </p>
        <UserFilter appId={appId} value={filters.user_id} onUser={onUser} />
      </div>
      <MomentInput label="From" value={filters.from} onChange={(from) => onFilters({ ...filters, from })} />
      <MomentInput label="Before" value={filters.to} onChange={(to) => onFilters({ ...filters, to })} />
    </div>
  );
}
