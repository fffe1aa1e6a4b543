import { useEffect, useState } from "react";
import { SearchInput } from "./search-input";

/** Milliseconds without a key pressed, after which the search is made. */
const PAUSE = 250;

/** A search that the server makes: as one types, but not at each key. What it looks for can be changed from outside as well. */
export function UrlSearch({
  label,
  value,
  onSearch,
  className,
}: {
  label: string;
  /** What is looked for now. */
  value: string;
  onSearch: (text: string) => void;
  className?: string;
}) {
  const [text, setText] = useState(value);
  const [seen, setSeen] = useState(value);
  const [sent, setSent] = useState(value);
  if (value !== seen) {
    setSeen(value);
    // Not our own words come back, late: the person went back, or followed a link.
    if (value !== sent) {
      setSent(value);
      setText(value);
    }
  }
  const wanted = text.trim();
  useEffect(() => {
    if (wanted === sent) return undefined;
    const timer = setTimeout(() => {
      setSent(wanted);
      onSearch(wanted);
    }, PAUSE);
    return () => clearTimeout(timer);
  }, [wanted, sent, onSearch]);
  return <SearchInput label={label} value={text} onChange={setText} {...(className !== undefined && { className })} />;
}
