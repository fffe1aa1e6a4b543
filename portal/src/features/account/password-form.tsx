import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import * as z from "zod/mini";
import { changePassword } from "@/api/developers";
import { Button } from "@/components/ui/button";
import { Card } from "@/components/ui/card";
import { Field, FormError } from "@/components/ui/field";
import { PasswordInput } from "@/components/ui/password-input";
import { toast } from "@/components/ui/toast";
import { showProblem, useZodForm } from "@/lib/form";
import { newPassword, PASSWORD_HINT } from "@/lib/password";
import { ApiError } from "@/lib/problem";

const schema = z.object({
  current_password: z.string().check(z.minLength(1, "Enter your present password.")),
  password: newPassword,
});

/** Changes the password. The API ends every session with it, so a login follows. */
export function PasswordForm() {
  const cache = useQueryClient();
  const navigate = useNavigate();
  const form = useZodForm(schema, {
    defaultValues: { current_password: "", password: "" },
  });
  const change = useMutation({
    mutationFn: changePassword,
    onSuccess: async () => {
      await navigate({ to: "/login", search: { next: "/account" } });
      cache.clear();
      toast("Your password is changed", "Log in with the new one.");
    },
    onError: (error) => {
      if (error instanceof ApiError && error.code === "invalid_credentials") {
        form.setError("current_password", { message: "This is not your present password." }, { shouldFocus: true });
      } else showProblem(form, error);
    },
  });
  const { errors } = form.formState;
  return (
    <Card className="p-5 sm:p-6">
      <h2 className="text-base font-semibold">Password</h2>
      <p className="mt-0.5 text-soft">Changing it logs you out everywhere, here too.</p>
      <form noValidate className="mt-4 grid max-w-md gap-4" onSubmit={form.handleSubmit((values) => change.mutate(values))}>
        <FormError>{errors.root?.message}</FormError>
        <Field label="Present password" error={errors.current_password?.message}>
          <PasswordInput autoComplete="current-password" {...form.register("current_password")} />
        </Field>
        <Field label="New password" error={errors.password?.message} hint={PASSWORD_HINT}>
          <PasswordInput autoComplete="new-password" {...form.register("password")} />
        </Field>
        <div>
          <Button type="submit" busy={change.isPending}>
            Change password
          </Button>
        </div>
      </form>
    </Card>
  );
}
