import { useMutation, useQueryClient } from "@tanstack/react-query";
import * as z from "zod/mini";
import { changeName, type Developer, developerQuery } from "@/api/developers";
import { Button } from "@/components/ui/button";
import { Field, FormError } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import { toast } from "@/components/ui/toast";
import { showProblem, useZodForm } from "@/lib/form";

const schema = z.object({ name: z.string().check(z.trim(), z.maxLength(100, "Use at most 100 characters.")) });

/** What the developer wants to be called. */
export function NameForm({ developer }: { developer: Developer }) {
  const cache = useQueryClient();
  const form = useZodForm(schema, {
    defaultValues: { name: developer.name ?? "" },
    // What was saved elsewhere comes in, except where one is typing.
    values: { name: developer.name ?? "" },
    resetOptions: { keepDirtyValues: true },
  });
  const change = useMutation({
    mutationFn: changeName,
    onSuccess: (changed) => {
      cache.setQueryData(developerQuery.queryKey, changed);
      form.reset({ name: changed.name ?? "" });
      toast("Saved");
    },
    onError: (error) => showProblem(form, error),
  });
  const { errors, isDirty } = form.formState;
  return (
    <form
      noValidate
      aria-label="Profile"
      className="grid max-w-md gap-4"
      onSubmit={form.handleSubmit(({ name }) => change.mutate(name === "" ? null : name))}
    >
      <FormError>{errors.root?.message}</FormError>
      <Field label="Name" optional error={errors.name?.message} hint="What the portal calls you. Empty: your address.">
        <Input autoComplete="name" {...form.register("name")} />
      </Field>
      <div>
        <Button type="submit" busy={change.isPending} disabled={!isDirty}>
          Save name
        </Button>
      </div>
    </form>
  );
}
