import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { confirmVerification, developerQuery } from "@/api/developers";
import { Button, buttonLook } from "@/components/ui/button";
import { FormError } from "@/components/ui/field";
import { ApiError, inWords } from "@/lib/problem";
import { GuestCard } from "./guest-card";
import { LinkOutcome } from "./link-outcome";

/**
 * Verifies a developer's address with the token of a mailed link. Only the button uses the token up: mail scanners open links.
 */
export function VerifyEmailPage({ token }: { token: string | undefined }) {
  const cache = useQueryClient();
  const confirm = useMutation({
    mutationFn: confirmVerification,
    onSuccess: () => cache.removeQueries({ queryKey: developerQuery.queryKey }),
  });
  const spent = confirm.error instanceof ApiError && confirm.error.code === "token_invalid";
  if (confirm.isSuccess) {
    return (
      <LinkOutcome
        good
        title="Your address is verified"
        action={
          <Link to="/" className={buttonLook({ look: "primary" })}>
            To your applications
          </Link>
        }
      >
        Thank you. That is all.
      </LinkOutcome>
    );
  }
  if (token === undefined || spent) {
    return (
      <LinkOutcome
        good={false}
        title="This link does not work any more"
        action={
          <Link to="/" className={buttonLook()}>
            To your applications
          </Link>
        }
      >
        It was already used, has expired or was replaced by a newer one. The portal can send you another.
      </LinkOutcome>
    );
  }
  return (
    <GuestCard title="Verify your e-mail" description="One press, and we know that the address is yours.">
      <div className="grid gap-4">
        <FormError>{confirm.isError ? inWords(confirm.error) : undefined}</FormError>
        <Button look="primary" busy={confirm.isPending} onClick={() => confirm.mutate(token)} className="h-10">
          Verify my address
        </Button>
      </div>
    </GuestCard>
  );
}
