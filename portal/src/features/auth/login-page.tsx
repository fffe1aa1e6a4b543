import { Link } from "@tanstack/react-router";
import { Button } from "@/components/ui/button";
import { Field, FormError } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import { PasswordInput } from "@/components/ui/password-input";
import { showProblem, useZodForm } from "@/lib/form";
import { GuestCard, textLink } from "./guest-card";
import { loginSchema } from "./schema";
import { useLogin } from "./session";

/** @param next where to go afterwards: the page that asked for a login */
export function LoginPage({ next }: { next?: string | undefined }) {
  const form = useZodForm(loginSchema, { defaultValues: { email: "", password: "" } });
  const login = useLogin(next);
  const { errors } = form.formState;
  return (
    <GuestCard
      title="Log in"
      description={next === undefined ? undefined : "Log in to go on where you were."}
      below={
        <>
          New to DevAuth?{" "}
          <Link to="/signup" search={{ next }} className={textLink}>
            Create an account
          </Link>
        </>
      }
    >
      <form
        noValidate
        className="grid gap-4"
        onSubmit={form.handleSubmit((values) => login.mutate(values, { onError: (error) => showProblem(form, error) }))}
      >
        <FormError>{errors.root?.message}</FormError>
        <Field label="E-mail" error={errors.email?.message}>
          <Input type="email" autoComplete="username" autoFocus {...form.register("email")} />
        </Field>
        <Field
          label="Password"
          error={errors.password?.message}
          aside={
            <Link to="/forgot-password" className={textLink}>
              Forgot it?
            </Link>
          }
        >
          <PasswordInput autoComplete="current-password" {...form.register("password")} />
        </Field>
        <Button type="submit" look="primary" busy={login.isPending} className="mt-1 h-10!">
          Log in
        </Button>
      </form>
    </GuestCard>
  );
}
