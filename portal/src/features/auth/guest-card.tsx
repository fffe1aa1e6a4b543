import type { ReactNode } from "react";
import { useTitle } from "@/components/page";
import { Card } from "@/components/ui/card";

/** The one card of such a page, and a line below it. */
export function GuestCard({
  title,
  description,
  children,
  below,
}: {
  title: string;
  description?: ReactNode;
  children: ReactNode;
  below?: ReactNode;
}) {
  useTitle(title);
  return (
    <>
      <Card className="p-6 sm:p-8">
        <h1 className="text-xl font-semibold tracking-tight">{title}</h1>
        {description !== undefined && <p className="mt-1 text-soft">{description}</p>}
        <div className="mt-6">{children}</div>
      </Card>
      {below !== undefined && <p className="mt-5 text-center text-soft">{below}</p>}
    </>
  );
}

/** How links in running text look. */
export const textLink = "rounded-sm font-medium text-primary underline-offset-2 hover:underline";
