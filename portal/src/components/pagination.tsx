import { ChevronLeft, ChevronRight } from "lucide-react";
import { count } from "@/lib/number";
import { Button } from "./ui/button";

interface PaginationProps {
  /** From 1. */
  page: number;
  perPage: number;
  total: number;
  onPage: (page: number) => void;
}

/** Which part of a list this is, and the way to the next. */
export function Pagination({ page, perPage, total, onPage }: PaginationProps) {
  const first = (page - 1) * perPage + 1;
  const last = Math.min(page * perPage, total);
  return (
    <nav aria-label="Pages" className="mt-4 flex flex-wrap items-center justify-between gap-3">
      <p role="status" className="text-soft tabular-nums">
        {total === 0 ? "None" : `${count(first)}–${count(last)} of ${count(total)}`}
      </p>
      <div className="flex gap-2">
        <Button size="small" disabled={page <= 1} onClick={() => onPage(page - 1)}>
          <ChevronLeft aria-hidden /> Previous
        </Button>
        <Button size="small" disabled={last >= total} onClick={() => onPage(page + 1)}>
          Next <ChevronRight aria-hidden />
        </Button>
      </div>
    </nav>
  );
}
