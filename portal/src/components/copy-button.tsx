import { Check, Copy } from "lucide-react";
import { useEffect, useState } from "react";
import { Button } from "./ui/button";
import { toast } from "./ui/toast";

const SHOWN_FOR = 2_000;

/** Copies a text, and says so where it was pressed. */
export function CopyButton({ text, what, label }: { text: string; /** "app id" */ what: string; /** Shown beside the sign. */ label?: string }) {
  const [copied, setCopied] = useState(false);

  useEffect(() => {
    if (!copied) return undefined;
    const timer = setTimeout(() => setCopied(false), SHOWN_FOR);
    return () => clearTimeout(timer);
  }, [copied]);

  async function copy() {
    try {
      await navigator.clipboard.writeText(text);
      setCopied(true);
    } catch {
      toast("Your browser did not let us copy", "Select the text and copy it with the keyboard.");
    }
  }

  return (
    <Button
      look={label === undefined ? "ghost" : "secondary"}
      size={label === undefined ? "icon" : "small"}
      aria-label={label === undefined ? `Copy ${what}` : undefined}
      onClick={copy}
    >
      {copied ? <Check aria-hidden className="text-good" /> : <Copy aria-hidden />}
      {label !== undefined && (copied ? "Copied" : label)}
      <span role="status" className="sr-only">
        {copied ? `Copied ${what}` : ""}
      </span>
    </Button>
  );
}
