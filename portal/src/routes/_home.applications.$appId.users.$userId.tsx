import { createFileRoute } from "@tanstack/react-router";
import { useCallback } from "react";
import * as z from "zod/mini";
import { UserPage } from "@/features/users/user-page";

export const Route = createFileRoute("/_home/applications/$appId/users/$userId")({
  validateSearch: z.object({ at: z.catch(z.optional(z.iso.datetime({ offset: true })), undefined) }),
  component: User,
});

function User() {
  const { appId, userId } = Route.useParams();
  const { at } = Route.useSearch();
  const navigate = Route.useNavigate();
  const onAt = useCallback(
    (moment: string | undefined) => void navigate({ search: { at: moment }, replace: true, resetScroll: false }),
    [navigate],
  );
  return (
    <UserPage
      key={userId}
      appId={appId}
      userId={userId}
      at={at}
      onAt={onAt}
      onErased={() => void navigate({ to: "/applications/$appId/users", params: { appId } })}
    />
  );
}
