import { createContext, type ReactNode, useContext, useEffect } from "react";

/** The frame of a page: its heading, what can be done on it, its content. Names the browser's tab. */
export function Page({
  title,
  description,
  action,
  children,
}: {
  title: string;
  description?: ReactNode;
  action?: ReactNode;
  children: ReactNode;
}) {
  useTitle(title);
  return (
    <>
      <header className="mb-6 flex flex-wrap items-start justify-between gap-x-6 gap-y-3">
        <div className="min-w-0">
          <h1 className="text-xl font-semibold tracking-tight break-words">{title}</h1>
          {description !== undefined && <div className="mt-0.5 max-w-prose text-soft">{description}</div>}
        </div>
        {action}
      </header>
      {children}
    </>
  );
}

/** The name of the application that the pages below are about. */
export const TitleWithin = createContext<string | undefined>(undefined);

/** Names the browser's tab: the page, the application, us. A page that doesn't know its name yet changes nothing. */
export function useTitle(title: string): void {
  const within = useContext(TitleWithin);
  useEffect(() => {
    if (title.trim() === "") return;
    document.title = [title, ...(within === undefined || within === title ? [] : [within]), "DevAuth"].join(" · ");
  }, [title, within]);
}
