import { useMutation, useQueryClient } from "@tanstack/react-query";
import type { DefaultValues, FieldValues } from "react-hook-form";
import type * as z from "zod/mini";
import { type Application, applicationQuery, applicationsQuery, type SettingsChange, updateApplication } from "@/api/applications";
import { toast } from "@/components/ui/toast";
import { showProblem, useZodForm } from "@/lib/form";

/** What `updateApplication` takes. */
interface Change {
  name?: string;
  settings?: SettingsChange;
}

/**
 * A form over a part of an application.
 *
 * @param schema what the form accepts
 * @param read the form's values, from the application as it is
 * @param write the change, from the form's values
 */
export function useSettingsForm<T extends FieldValues>(
  application: Application,
  schema: z.ZodMiniType<T, T>,
  read: (application: Application) => T,
  write: (values: T) => Change,
) {
  const cache = useQueryClient();
  const form = useZodForm<T>(schema, {
    defaultValues: read(application) as DefaultValues<T>,
    // What was saved elsewhere comes in, except where one is typing.
    values: read(application),
    resetOptions: { keepDirtyValues: true },
  });
  const save = useMutation({
    mutationFn: (values: T) => updateApplication(application.app_id, write(values)),
    onSuccess: (saved) => {
      cache.setQueryData(applicationQuery(saved.app_id).queryKey, saved);
      void cache.invalidateQueries({ queryKey: applicationsQuery.queryKey });
      form.reset(read(saved));
      toast("Saved");
    },
    onError: (error) => showProblem(form, error),
  });
  const { errors, isDirty } = form.formState;
  return {
    ...form,
    card: {
      submit: () => void form.handleSubmit((values) => save.mutate(values))(),
      discard: () => form.reset(read(application)),
      isDirty,
      isSaving: save.isPending,
      error: errors.root?.message,
    },
  };
}
