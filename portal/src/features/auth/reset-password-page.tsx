import { useMutation } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { confirmReset } from "@/api/developers";
import { Button, buttonLook } from "@/components/ui/button";
import { Field, FormError } from "@/components/ui/field";
import { PasswordInput } from "@/components/ui/password-input";
import { showProblem, useZodForm } from "@/lib/form";
import { PASSWORD_HINT } from "@/lib/password";
import { ApiError } from "@/lib/problem";
import { GuestCard } from "./guest-card";
import { LinkOutcome } from "./link-outcome";
import { resetSchema } from "./schema";

/** Sets a developer's new password with the token of a mailed link. */
export function ResetPasswordPage({ token }: { token: string | undefined }) {
  const form = useZodForm(resetSchema, { defaultValues: { password: "" } });
  const reset = useMutation({ mutationFn: confirmReset, onError: (error) => showProblem(form, error) });
  const spent = reset.error instanceof ApiError && reset.error.code === "token_invalid";
  const { errors } = form.formState;
  if (reset.isSuccess) {
    return (
      <LinkOutcome
        good
        title="Your password is set"
        action={
          <Link to="/login" className={buttonLook({ look: "primary" })}>
            Log in
          </Link>
        }
      >
        You are logged out everywhere. Log in with the new password.
      </LinkOutcome>
    );
  }
  if (token === undefined || spent) {
    return (
      <LinkOutcome
        good={false}
        title="This link does not work any more"
        action={
          <Link to="/forgot-password" className={buttonLook()}>
            Ask for a new link
          </Link>
        }
      >
        It was already used, has expired or was replaced by a newer one.
      </LinkOutcome>
    );
  }
  return (
    <GuestCard title="Choose a new password" description="It ends every session of yours, in case somebody else has one.">
      <form
        noValidate
        className="grid gap-4"
        onSubmit={form.handleSubmit(({ password }) => reset.mutate({ token, password }))}
      >
        <FormError>{errors.root?.message}</FormError>
        <Field label="New password" error={errors.password?.message} hint={PASSWORD_HINT}>
          <PasswordInput autoComplete="new-password" autoFocus {...form.register("password")} />
        </Field>
        <Button type="submit" look="primary" busy={reset.isPending} className="mt-1 h-10!">
          Set password
        </Button>
      </form>
    </GuestCard>
  );
}
