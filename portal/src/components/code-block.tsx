import { CopyButton } from "./copy-button";

/** Code to be copied. It scrolls sideways by itself, with the keyboard as well. */
export function CodeBlock({ code, what }: { code: string; /** "TypeScript example" */ what: string }) {
  return (
    <div className="relative rounded-lg bg-sunken">
      <pre tabIndex={0} role="region" aria-label={what} className="overflow-x-auto rounded-lg p-4 pr-14 font-mono text-[0.8125rem] leading-5.5 text-ink">
        <code>{code}</code>
      </pre>
      <div className="absolute top-2 right-2 rounded-lg bg-sunken">
        <CopyButton text={code} what={what} />
      </div>
    </div>
  );
}
