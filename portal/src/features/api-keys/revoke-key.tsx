import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type ApiKey, apiKeysQuery, revokeApiKey } from "@/api/api-keys";
import { ConfirmDialog } from "@/components/confirm-dialog";
import { toast } from "@/components/ui/toast";

/** Asks, then ends a key. */
export function RevokeKey({ appId, apiKey, onClose }: { appId: string; apiKey: ApiKey | undefined; onClose: () => void }) {
  const cache = useQueryClient();
  const revoke = useMutation({
    mutationFn: (key: ApiKey) => revokeApiKey(appId, key.id),
    onSuccess: async (_, key) => {
      await cache.invalidateQueries({ queryKey: apiKeysQuery(appId).queryKey });
      toast(`${key.label} is revoked`);
    },
  });
  return (
    <ConfirmDialog
      open={apiKey !== undefined}
      onOpenChange={onClose}
      title={`Revoke ${apiKey?.label ?? ""}?`}
      description={
        <>
          Whatever uses <code className="font-mono text-[0.8125rem] text-ink">{apiKey?.prefix}…</code> is refused within a second. A
          revoked key never works again.
        </>
      }
      action="Revoke key"
      onConfirm={async () => {
        if (apiKey !== undefined) await revoke.mutateAsync(apiKey);
      }}
    />
  );
}
