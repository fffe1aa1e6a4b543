import { TriangleAlert } from "lucide-react";
import { useState } from "react";
import { useStay } from "@/lib/stay";
import { CopyButton } from "./copy-button";
import { Button } from "./ui/button";
import { Checkbox } from "./ui/checkbox";
import { Dialog, DialogActions } from "./ui/dialog";

/**
 * Shows a secret, this once. Neither Escape nor a stray click nor the back button closes it, and the browser asks before it reloads:
 * only a press on "Done" does, after the reader said that the secret is in a safe place.
 */
export function SecretDialog({
  title,
  secret,
  what,
  where,
  onDone,
}: {
  title: string;
  /** The secret; without one the dialog is closed. */
  secret: string | undefined;
  /** "app secret" */
  what: string;
  /** Where it belongs: "Put it into your server's environment." */
  where: string;
  onDone: () => void;
}) {
  return (
    <Dialog open={secret !== undefined} onOpenChange={onDone} title={title} dismissible={false} className="sm:max-w-lg!">
      {secret !== undefined && <Secret secret={secret} what={what} where={where} onDone={onDone} />}
    </Dialog>
  );
}

function Secret({ secret, what, where, onDone }: { secret: string; what: string; where: string; onDone: () => void }) {
  const [kept, setKept] = useState(false);
  const leave = useStay(true);
  return (
    <div className="grid grid-cols-1 gap-4">
      <p className="flex gap-2.5 rounded-lg bg-warn-soft px-3.5 py-2.5 text-warn">
        <TriangleAlert aria-hidden className="mt-0.5 size-4.5 shrink-0" />
        <span>This is the only time you see this {what}. {where}</span>
      </p>
      <div className="flex flex-wrap items-center gap-2 rounded-lg bg-sunken py-2 pr-2 pl-3.5">
        <code aria-label={what} className="min-w-0 grow basis-48 font-mono text-[0.8125rem] break-all text-ink select-all">
          {secret}
        </code>
        <CopyButton text={secret} what={what} label="Copy" />
      </div>
      <Checkbox
        label={`I have put this ${what} in a safe place`}
        checked={kept}
        onChange={(event) => setKept(event.target.checked)}
      />
      <DialogActions>
        <Button
          look="primary"
          disabled={!kept}
          onClick={() => {
            leave();
            onDone();
          }}
        >
          Done
        </Button>
      </DialogActions>
    </div>
  );
}
