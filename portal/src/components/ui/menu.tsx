import { Menu as Base } from "@base-ui/react/menu";
import { Check } from "lucide-react";
import type { ComponentProps, ReactElement, ReactNode } from "react";
import { cn } from "@/lib/cn";

const item =
  "flex min-h-8 w-full cursor-pointer items-center gap-2.5 rounded-md px-2.5 py-1.5 text-left text-sm text-text outline-none select-none pointer-coarse:min-h-10 data-highlighted:bg-hover data-highlighted:text-ink [&_svg]:size-4 [&_svg]:shrink-0";

/** A menu behind a button: arrows, first letters and Escape work as in any menu. */
export function Menu({
  trigger,
  children,
  align = "end",
  side = "bottom",
  className,
}: {
  /** The button that opens it. */
  trigger: ReactElement;
  children: ReactNode;
  align?: "start" | "center" | "end";
  side?: "top" | "bottom";
  className?: string;
}) {
  return (
    <Base.Root>
      <Base.Trigger render={trigger} />
      <Base.Portal>
        <Base.Positioner align={align} side={side} sideOffset={6} className="z-50 outline-none">
          <Base.Popup
            className={cn(
              "pop max-h-(--available-height) min-w-44 overflow-y-auto rounded-xl bg-surface p-1 shadow-pop outline-none",
              className,
            )}
          >
            {children}
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  );
}

/** Something to do. */
export function MenuItem({ className, ...rest }: ComponentProps<typeof Base.Item>) {
  return <Base.Item className={cn(item, className as string)} {...rest} />;
}

/** Somewhere to go; `render` is the link. */
export function MenuLink({ className, ...rest }: ComponentProps<typeof Base.LinkItem>) {
  return <Base.LinkItem closeOnClick className={cn(item, className as string)} {...rest} />;
}

export function MenuSeparator() {
  return <Base.Separator className="mx-1 my-1 h-px bg-line" />;
}

/** One of a few choices, of which one is made. */
export function MenuChoice<T extends string>({
  label,
  value,
  options,
  onChange,
}: {
  label: string;
  value: T;
  options: readonly { value: T; label: string; icon?: ReactNode }[];
  onChange: (value: T) => void;
}) {
  return (
    <Base.Group>
      <Base.GroupLabel className="px-2.5 pt-1.5 pb-1 text-xs font-medium text-soft">{label}</Base.GroupLabel>
      <Base.RadioGroup value={value} onValueChange={onChange}>
        {options.map((option) => (
          <Base.RadioItem key={option.value} value={option.value} closeOnClick className={item}>
            {option.icon}
            {option.label}
            <Base.RadioItemIndicator className="ml-auto text-primary">
              <Check aria-hidden />
            </Base.RadioItemIndicator>
          </Base.RadioItem>
        ))}
      </Base.RadioGroup>
    </Base.Group>
  );
}
