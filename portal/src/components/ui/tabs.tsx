import { Tabs as Base } from "@base-ui/react/tabs";
import type { ReactNode } from "react";

/** Views of the same thing, one at a time; arrows move between them. */
export function Tabs<T extends string>({
  label,
  value,
  onChange,
  tabs,
}: {
  label: string;
  value: T;
  onChange: (value: T) => void;
  tabs: readonly { value: T; label: string; content: ReactNode }[];
}) {
  return (
    <Base.Root value={value} onValueChange={onChange}>
      <Base.List aria-label={label} className="mb-3 flex gap-1 border-b border-line">
        {tabs.map((tab) => (
          <Base.Tab
            key={tab.value}
            value={tab.value}
            className="-mb-px h-9 border-b-2 border-transparent px-2.5 font-medium text-soft transition-colors hover:text-ink aria-selected:border-primary aria-selected:text-ink pointer-coarse:h-11"
          >
            {tab.label}
          </Base.Tab>
        ))}
      </Base.List>
      {tabs.map((tab) => (
        // What is in it has the focus; a stop before it would be one too many.
        <Base.Panel key={tab.value} value={tab.value} tabIndex={-1} className="outline-none">
          {tab.content}
        </Base.Panel>
      ))}
    </Base.Root>
  );
}
