import { useMutation, useQuery } from "@tanstack/react-query";
import { MailWarning } from "lucide-react";
import { developerQuery, requestVerification } from "@/api/developers";
import { Button } from "../ui/button";
import { toast, toastError } from "../ui/toast";

/** Reminds a developer whose address isn't verified yet. */
export function VerifyBanner() {
  const { data: developer } = useQuery(developerQuery);
  const resend = useMutation({
    mutationFn: requestVerification,
    onSuccess: () => toast("Mail sent", "Open the link in it to verify your address."),
    onError: (error) => toastError("The mail was not sent", error),
  });
  if (developer === undefined || developer.email_verified) return null;
  return (
    <div className="border-b border-line bg-warn-soft text-warn">
      <div className="mx-auto flex max-w-5xl flex-wrap items-center gap-x-3 gap-y-1 px-4 py-2 sm:px-6 lg:px-10">
        <MailWarning aria-hidden className="size-4.5 shrink-0" />
        <p className="min-w-0 grow basis-60">
          Please verify your address: open the link we sent to <bdi className="font-medium break-all">{developer.email}</bdi>.
        </p>
        <Button
          look="ghost"
          size="small"
          busy={resend.isPending}
          onClick={() => resend.mutate(developer.email)}
          className="-mx-2.5 text-warn! underline underline-offset-2 hover:bg-transparent!"
        >
          Send it again
        </Button>
      </div>
    </div>
  );
}
