import { type RefObject, useEffect, useRef, useState } from "react";

/** How far below what one sees something counts as seen, so that it is there when one scrolls to it. */
const AHEAD = "200px";

/** Whether an element was on the screen, or nearly: for what need not be asked for before. */
export function useSeen<T extends Element>(): [RefObject<T | null>, boolean] {
  const element = useRef<T>(null);
  const [seen, setSeen] = useState(false);
  useEffect(() => {
    if (element.current === null || seen) return undefined;
    const observer = new IntersectionObserver(
      (entries) => {
        if (entries.some(({ isIntersecting }) => isIntersecting)) setSeen(true);
      },
      { rootMargin: AHEAD },
    );
    observer.observe(element.current);
    return () => observer.disconnect();
  }, [seen]);
  return [element, seen];
}
