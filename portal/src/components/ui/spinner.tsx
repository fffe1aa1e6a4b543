import { LoaderCircle } from "lucide-react";
import { cn } from "@/lib/cn";

/** Something is under way. Says nothing to a screen reader: what it stands in says `aria-busy`. */
export function Spinner({ className }: { className?: string }) {
  return <LoaderCircle aria-hidden className={cn("size-4 animate-spin", className)} />;
}
