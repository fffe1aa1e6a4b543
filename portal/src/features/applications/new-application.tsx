import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import * as z from "zod/mini";
import { type Application, applicationQuery, applicationsQuery, createApplication, ENVIRONMENTS } from "@/api/applications";
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
  name: z.string().check(
    z.trim(),
    z.minLength(1, "Give it a name."),
    z.maxLength(100, "Use at most 100 characters."),
  ),
  environment: z.enum(ENVIRONMENTS),
});

const CHOICES = [
  { value: "development", label: "Development", hint: "For your machine." },
  { value: "staging", label: "Staging", hint: "For trying things out before they are real." },
  { value: "production", label: "Production", hint: "For real users. URLs must be https." },
] as const;

/** Asks for a name and an environment, creates the application, shows its secret this once, and leads to it. */
export default function NewApplication({ onClose }: { onClose: () => void }) {
  const [created, setCreated] = useState<Application>();
  const navigate = useNavigate();
  if (created === undefined) return <Form onClose={onClose} onCreated={setCreated} />;
  return (
    <SecretDialog
      title={`${created.name} is ready`}
      secret={created.app_secret}
      what="app secret"
      where="Your server needs it for introspection with HTTP Basic. Keep it where your other secrets are."
      onDone={() => void navigate({ to: "/applications/$appId", params: { appId: created.app_id } })}
    />
  );
}

function Form({ onClose, onCreated }: { onClose: () => void; onCreated: (application: Application) => void }) {
  const cache = useQueryClient();
  const form = useZodForm<z.infer<typeof schema>>(schema, {
    defaultValues: { name: "", environment: "development" },
  });
  const create = useMutation({
    mutationFn: ({ attempt, ...application }: z.infer<typeof schema> & { attempt: string }) =>
      createApplication(application, attempt),
    retry: retryOverBrokenConnection,
    onSuccess: (application) => {
      const { app_secret: _shownOnce, ...kept } = application;
      cache.setQueryData(applicationQuery(kept.app_id).queryKey, kept);
      void cache.invalidateQueries({ queryKey: applicationsQuery.queryKey });
      onCreated(application);
    },
    onError: (error) => showProblem(form, error),
  });
  // Who leaves now would never see the secret that the answer has.
  useStay(create.isPending, { ours: true });
  const { errors } = form.formState;
  return (
    <Dialog open onOpenChange={onClose} dismissible={!create.isPending} title="New application" description="It has its own users, API keys and settings.">
      <form
        noValidate
        className="grid gap-4"
        onSubmit={form.handleSubmit((values) => create.mutate({ ...values, attempt: crypto.randomUUID() }))}
      >
        <FormError>{errors.root?.message}</FormError>
        <Field label="Name" error={errors.name?.message} hint="Your users see it in mails.">
          <Input autoFocus autoComplete="off" placeholder="Bookshop" {...form.register("name")} />
        </Field>
        <ChoiceCards legend="Environment" options={CHOICES} {...form.register("environment")} />
        <p className="-mt-2 text-[0.8125rem] text-soft">The environment can't be changed later.</p>
        <DialogActions>
          <Button type="submit" look="primary" busy={create.isPending}>
            Create application
          </Button>
          <Button disabled={create.isPending} onClick={onClose}>
            Cancel
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
