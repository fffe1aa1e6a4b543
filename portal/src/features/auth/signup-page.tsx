import { Link } from "@tanstack/react-router";
import { Button } from "@/components/ui/button";
import { Field, FormError } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import { PasswordInput } from "@/components/ui/password-input";
import { showProblem, useZodForm } from "@/lib/form";
import { PASSWORD_HINT } from "@/lib/password";
import { GuestCard, textLink } from "./guest-card";
import { signupSchema } from "./schema";
import { useSignup } from "./session";

/** @param next where to go afterwards */
export function SignupPage({ next }: { next?: string | undefined }) {
  const form = useZodForm(signupSchema, {
    defaultValues: { name: "", email: "", password: "" },
  });
  const signup = useSignup(next);
  const { errors } = form.formState;
  return (
    <GuestCard
      title="Create your account"
      description="For you, the developer. Your users sign up with your applications."
      below={
        <>
          Already have an account?{" "}
          <Link to="/login" search={{ next }} className={textLink}>
            Log in
          </Link>
        </>
      }
    >
      <form
        noValidate
        className="grid gap-4"
        onSubmit={form.handleSubmit((values) => signup.mutate(values, { onError: (error) => showProblem(form, error) }))}
      >
        <FormError>{errors.root?.message}</FormError>
        <Field label="Name" optional error={errors.name?.message}>
          <Input autoComplete="name" autoFocus {...form.register("name")} />
        </Field>
        <Field label="E-mail" error={errors.email?.message}>
          <Input type="email" autoComplete="username" {...form.register("email")} />
        </Field>
        <Field label="Password" error={errors.password?.message} hint={PASSWORD_HINT}>
          <PasswordInput autoComplete="new-password" {...form.register("password")} />
        </Field>
        <Button type="submit" look="primary" busy={signup.isPending} className="mt-1 h-10!">
          Create account
        </Button>
      </form>
    </GuestCard>
  );
}
