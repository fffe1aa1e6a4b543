import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import * as z from "zod/mini";
import { type ApiKey, apiKeysQuery, issueApiKey, type NewApiKey } from "@/api/api-keys";
import { SecretDialog } from "@/components/secret-dialog";
import { Button } from "@/components/ui/button";
import { ChoiceCards } from "@/components/ui/choice-cards";
import { Dialog, DialogActions } from "@/components/ui/dialog";
import { Field, FormError } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import { showProblem, useZodForm } from "@/lib/form";
import { retryOverBrokenConnection } from "@/lib/query-client";
import { useStay } from "@/lib/stay";

const schema = z.object({
  label: z.string().check(
    z.trim(),
    z.minLength(1, "Give it a label."),
    z.maxLength(100, "Use at most 100 characters."),
  ),
  type: z.enum(["secret", "publishable"]),
  /** Empty: the service's own limit. */
  limit: z.string().check(
    z.trim(),
    z.regex(/^([1-9]\d{0,5}|1000000)?$/, "A whole number from 1 to 1,000,000, or nothing."),
  ),
});

const TYPES = [
  { value: "secret", label: "Secret", hint: "For servers. It may do everything and must never be in a page." },
  { value: "publishable", label: "Publishable", hint: "For browsers and apps. It works from the allowed origins." },
] as const;

/** Asks what the key is for, creates it, and shows it this once. */
export default function NewKey({ appId, onClose }: { appId: string; onClose: () => void }) {
  const [created, setCreated] = useState<ApiKey>();
  if (created === undefined) return <Form appId={appId} onClose={onClose} onCreated={setCreated} />;
  return (
    <SecretDialog
      title={`${created.label} is ready`}
      secret={created.key}
      what={`${created.type} key`}
      where={
        created.type === "secret"
          ? "Put it into your server's environment, never into a page or a repository."
          : "Put it into your page or app; DevAuth keeps only its beginning."
      }
      onDone={onClose}
    />
  );
}

function Form({ appId, onClose, onCreated }: { appId: string; onClose: () => void; onCreated: (key: ApiKey) => void }) {
  const cache = useQueryClient();
  const form = useZodForm<z.infer<typeof schema>>(schema, {
    defaultValues: { label: "", type: "secret", limit: "" },
  });
  const issue = useMutation({
    mutationFn: ({ attempt, ...key }: NewApiKey & { attempt: string }) => issueApiKey(appId, key, attempt),
    retry: retryOverBrokenConnection,
    onSuccess: (key) => {
      onCreated(key);
      void cache.invalidateQueries({ queryKey: apiKeysQuery(appId).queryKey });
    },
    onError: (error) => showProblem(form, error, { rate_limit_per_minute: "limit" }),
  });
  // Who leaves now would never see the secret that the answer has.
  useStay(issue.isPending, { ours: true });
  const { errors } = form.formState;
  return (
    <Dialog open onOpenChange={onClose} dismissible={!issue.isPending} title="Create API key">
      <form
        noValidate
        className="grid gap-4"
        onSubmit={form.handleSubmit(({ label, type, limit }) =>
          issue.mutate({
            label,
            type,
            ...(limit !== "" && { rate_limit_per_minute: Number(limit) }),
            attempt: crypto.randomUUID(),
          }),
        )}
      >
        <FormError>{errors.root?.message}</FormError>
        <Field label="Label" error={errors.label?.message} hint="So that you know it again.">
          <Input autoFocus autoComplete="off" placeholder="web server" {...form.register("label")} />
        </Field>
        <ChoiceCards legend="Type" options={TYPES} {...form.register("type")} />
        <Field label="Requests a minute" optional error={errors.limit?.message} hint="Empty: the service's own limit.">
          <Input inputMode="numeric" autoComplete="off" placeholder="60" {...form.register("limit")} />
        </Field>
        <DialogActions>
          <Button type="submit" look="primary" busy={issue.isPending}>
            Create key
          </Button>
          <Button disabled={issue.isPending} onClick={onClose}>
            Cancel
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
