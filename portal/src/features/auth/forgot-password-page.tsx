import { useMutation } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { requestReset } from "@/api/developers";
import { Button, buttonLook } from "@/components/ui/button";
import { Field, FormError } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import { showProblem, useZodForm } from "@/lib/form";
import { GuestCard, textLink } from "./guest-card";
import { forgotSchema } from "./schema";

/** Asks for a mail with a link to choose a new password. */
export function ForgotPasswordPage() {
  const form = useZodForm(forgotSchema, { defaultValues: { email: "" } });
  const request = useMutation({ mutationFn: requestReset, onError: (error) => showProblem(form, error) });
  const { errors } = form.formState;
  if (request.isSuccess) {
    return (
      <GuestCard title="Look into your inbox">
        <p>
          If <bdi className="font-medium break-all text-ink">{request.variables}</bdi> has an account, a mail with a link is on its
          way. The link works for an hour.
        </p>
        <Link to="/login" className={buttonLook({ className: "mt-6 w-full" })}>
          Back to the login
        </Link>
      </GuestCard>
    );
  }
  return (
    <GuestCard
      title="Reset your password"
      description="We send you a link to choose a new one."
      below={
        <Link to="/login" className={textLink}>
          Back to the login
        </Link>
      }
    >
      <form noValidate className="grid gap-4" onSubmit={form.handleSubmit(({ email }) => request.mutate(email))}>
        <FormError>{errors.root?.message}</FormError>
        <Field label="E-mail" error={errors.email?.message}>
          <Input type="email" autoComplete="username" autoFocus {...form.register("email")} />
        </Field>
        <Button type="submit" look="primary" busy={request.isPending} className="mt-1 h-10!">
          Send the link
        </Button>
      </form>
    </GuestCard>
  );
}
