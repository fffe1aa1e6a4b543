import { useBlocker } from "@tanstack/react-router";
import { useRef } from "react";

/**
 * Keeps the reader on the page while something on it would be lost: the back button and links lead nowhere, and the browser asks
 * before it reloads or closes the page.
 *
 * @param ours whether the page's own steps, as the one to the login when the session is lost, are let through
 * @returns lets everything through from then on
 */
export function useStay(active: boolean, { ours = false } = {}): () => void {
  // Not a state: the step that follows comes before another rendering.
  const released = useRef(false);
  useBlocker({
    shouldBlockFn: ({ action }) => !released.current && !(ours && (action === "PUSH" || action === "REPLACE")),
    enableBeforeUnload: () => !released.current,
    disabled: !active,
  });
  return () => {
    released.current = true;
  };
}
