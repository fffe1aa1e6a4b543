import type { ReactNode } from "react";
import { Button } from "@/components/ui/button";
import { Card } from "@/components/ui/card";
import { FormError } from "@/components/ui/field";

/** A group of settings that are saved together; the buttons work once something was changed. */
export function SettingsCard({
  title,
  description,
  form,
  children,
}: {
  title: string;
  description?: ReactNode;
  form: { submit: () => void; discard: () => void; isDirty: boolean; isSaving: boolean; error: string | undefined };
  children: ReactNode;
}) {
  return (
    <Card>
      <form
        noValidate
        aria-label={title}
        onSubmit={(event) => {
          event.preventDefault();
          form.submit();
        }}
      >
        <div className="grid gap-5 p-5 sm:p-6">
          <div>
            <h2 className="text-base font-semibold">{title}</h2>
            {description !== undefined && <p className="mt-0.5 max-w-prose text-soft">{description}</p>}
          </div>
          {children}
          <FormError>{form.error}</FormError>
        </div>
        <div className="flex items-center justify-end gap-2 border-t border-line px-5 py-3 sm:px-6">
          {form.isDirty && (
            <Button look="ghost" size="small" onClick={form.discard}>
              Discard
            </Button>
          )}
          <Button type="submit" look={form.isDirty ? "primary" : "secondary"} size="small" busy={form.isSaving} disabled={!form.isDirty}>
            Save
          </Button>
        </div>
      </form>
    </Card>
  );
}
