import type { ReactNode } from "react";
import { cn } from "@/lib/cn";
import { isErased } from "@/lib/erased";

/**
 * JSON to be read, indented. Strings are text, whatever is in them: each stands for itself, and marks that would turn the
 * direction of the line are written out. It wraps instead of growing wide.
 */
export function JsonView({
  label,
  value,
  literal = false,
  className,
}: {
  label: string;
  value: unknown;
  /** Somebody else's JSON, where null is null, and not a value that was erased. */
  literal?: boolean;
  className?: string;
}) {
  return (
    <pre
      aria-label={label}
      role="region"
      tabIndex={0}
      className={cn(
        "max-h-96 overflow-auto rounded-lg bg-sunken p-3 font-mono text-[0.8125rem] leading-5.5 break-all whitespace-pre-wrap text-text",
        className,
      )}
    >
      {node(value, "", literal)}
    </pre>
  );
}

function node(value: unknown, indent: string, literal: boolean): ReactNode {
  if (typeof value === "string") return <bdi className="text-ink">{written(value)}</bdi>;
  if (typeof value !== "object" || value === null) return <span className="text-primary">{JSON.stringify(value)}</span>;
  const members = Object.entries(value);
  const [open, close] = Array.isArray(value) ? ["[", "]"] : ["{", "}"];
  if (members.length === 0) return `${open}${close}`;
  const deeper = `${indent}  `;
  return (
    <>
      {open}
      {members.map(([name, member], index) => (
        <span key={name}>
          {`\n${deeper}`}
          {!Array.isArray(value) && (
            <>
              <bdi className="text-soft">{written(name)}</bdi>
              {": "}
            </>
          )}
          {!literal && isErased(value, name) ? <Erased /> : node(member, deeper, literal)}
          {index < members.length - 1 && ","}
        </span>
      ))}
      {`\n${indent}${close}`}
    </>
  );
}

/** Stands where something personal was before the person was erased. */
export function Erased() {
  return <em className="rounded bg-bad-soft px-1.5 text-bad not-italic">erased</em>;
}

/** As JSON, marks of direction and what can't be seen as escapes. */
function written(text: string): string {
  return JSON.stringify(text).replace(
    /[\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g,
    (mark) => `\\u${mark.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
