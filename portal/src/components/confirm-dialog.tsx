import { type FormEvent, type ReactNode, useId, useState } from "react";
import { inWords } from "@/lib/problem";
import { Button } from "./ui/button";
import { Dialog, DialogActions } from "./ui/dialog";
import { FormError } from "./ui/field";
import { Input } from "./ui/input";

interface ConfirmDialogProps {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  /** A question: "Revoke web server?" */
  title: string;
  /** What will be lost. */
  description: ReactNode;
  /** The verb on the button: "Revoke key". */
  action: string;
  /** To be typed before the button works, for what can't be undone. */
  typed?: string;
  /** Does it. The dialog closes when it is done, and shows what went wrong if it fails. */
  onConfirm: () => Promise<unknown>;
}

/** Asks before something is destroyed. */
export function ConfirmDialog(props: ConfirmDialogProps) {
  return (
    <Dialog open={props.open} onOpenChange={props.onOpenChange} title={props.title} description={props.description}>
      <Question {...props} />
    </Dialog>
  );
}

/** Apart, so that what was typed is forgotten with the dialog. */
function Question({ onOpenChange, action, typed, onConfirm }: ConfirmDialogProps) {
  const id = useId();
  const [answer, setAnswer] = useState("");
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<string>();
  const sure = typed === undefined || answer.trim() === typed.trim();

  async function confirm(event: FormEvent) {
    event.preventDefault();
    if (!sure) return;
    setBusy(true);
    setFailure(undefined);
    try {
      await onConfirm();
      onOpenChange(false);
    } catch (error) {
      setFailure(inWords(error));
    } finally {
      setBusy(false);
    }
  }

  return (
    <form onSubmit={confirm} className="grid grid-cols-1 gap-4">
      {typed !== undefined && (
        <div>
          <label htmlFor={id} className="mb-1.5 block text-ink">
            To confirm, type <bdi className="font-semibold break-all">{typed}</bdi>
          </label>
          <Input
            id={id}
            value={answer}
            onChange={(event) => setAnswer(event.target.value)}
            autoComplete="off"
            spellCheck={false}
          />
        </div>
      )}
      <FormError>{failure}</FormError>
      <DialogActions>
        <Button type="submit" look="danger" busy={busy} disabled={!sure}>
          {action}
        </Button>
        <Button onClick={() => onOpenChange(false)}>Cancel</Button>
      </DialogActions>
    </form>
  );
}
