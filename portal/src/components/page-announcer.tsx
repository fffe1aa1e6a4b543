import { useRouter } from "@tanstack/react-router";
import { useEffect, useState } from "react";

/**
 * Says the name of each page that one goes to, and puts the focus before its content: a page that changes in place says nothing
 * of itself. The first page is left to the browser, which reads a new document anyway.
 */
export function PageAnnouncer() {
  const router = useRouter();
  const [said, setSaid] = useState("");
  useEffect(() => {
    let moved = false;
    const stopWatching = router.subscribe("onBeforeNavigate", ({ fromLocation, pathChanged }) => {
      moved ||= fromLocation !== undefined && pathChanged;
    });
    const stopFocusing = router.subscribe("onRendered", ({ fromLocation, pathChanged }) => {
      if (fromLocation !== undefined && pathChanged) focusContent();
    });
    // The title follows when the page knows its name, which may be once it has asked the server.
    const titles = new MutationObserver(() => {
      if (moved) setSaid(document.title);
    });
    titles.observe(document.head, { childList: true, subtree: true, characterData: true });
    return () => {
      stopWatching();
      stopFocusing();
      titles.disconnect();
    };
  }, [router]);
  return (
    <p role="status" className="sr-only" data-testid="page-announcer">
      {said}
    </p>
  );
}

/** Not away from a field or dialog that took the focus itself. */
function focusContent(): void {
  if (document.activeElement?.closest("input, textarea, select, [role=dialog]")) return;
  document.getElementById("main")?.focus({ preventScroll: true });
}
