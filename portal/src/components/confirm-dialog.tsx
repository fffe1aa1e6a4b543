import { type FormEvent, type ReactNode, useId, useState } from "react";
import { inWords } from "@/lib/problem";
import { useStay } from "@/lib/stay";
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
  const [busy, setBusy] = useState(false);
  // While it leaves, it shows what it was about: whoever opened it may have forgotten already.
  const [asked, setAsked] = useState(props);
  if (props.open && props !== asked) setAsked(props);
  const shown = props.open ? props : asked;
  return (
    <Dialog open={props.open} onOpenChange={props.onOpenChange} title={shown.title} description={shown.description} dismissible={!busy}>
      <Question {...shown} busy={busy} onBusy={setBusy} />
    </Dialog>
  );
}

/** Apart, so that what was typed is forgotten with the dialog. */
function Question({
  onOpenChange,
  action,
  typed,
  onConfirm,
  busy,
  onBusy,
}: ConfirmDialogProps & { busy: boolean; onBusy: (busy: boolean) => void }) {
  const id = useId();
  const [answer, setAnswer] = useState("");
  const [failure, setFailure] = useState<string>();
  const sure = typed === undefined || asRead(answer) === asRead(typed);

  // What came of it, a new secret even, is said here.
  useStay(busy, { ours: true });

  async function confirm(event: FormEvent) {
    event.preventDefault();
    if (!sure || busy) return;
    onBusy(true);
    setFailure(undefined);
    try {
      await onConfirm();
      onOpenChange(false);
    } catch (error) {
      setFailure(inWords(error));
    } finally {
      onBusy(false);
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
        <Button disabled={busy} onClick={() => onOpenChange(false)}>
          Cancel
        </Button>
      </DialogActions>
    </form>
  );
}

/** What one sees of a name is what one can type: not marks without a shape, nor how many spaces there are. */
function asRead(name: string): string {
  return name.normalize("NFC").replace(/\p{Cf}/gu, "").replace(/\s+/gu, " ").trim();
}
