import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Ellipsis } from "lucide-react";
import { useState } from "react";
import { eraseUser, logOutUser, restoreUser, suspendUser, userQuery, type UserWithSessions } from "@/api/users";
import { ConfirmDialog } from "@/components/confirm-dialog";
import { Button } from "@/components/ui/button";
import { Menu, MenuItem, MenuSeparator } from "@/components/ui/menu";
import { toast, toastError } from "@/components/ui/toast";

interface UserActionsProps {
  appId: string;
  user: UserWithSessions;
  onErased: () => void;
}

/** What a developer can do to a user. Everything that takes something away asks first. */
export function UserActions({ appId, user, onErased }: UserActionsProps) {
  const cache = useQueryClient();
  const [asked, setAsked] = useState<"suspend" | "erase" | "logout">();
  const close = () => setAsked(undefined);
  const { queryKey } = userQuery(appId, user.id);

  async function refresh() {
    void cache.invalidateQueries({ queryKey: ["application", appId, "users"] });
    await cache.invalidateQueries({ queryKey });
  }
  const restore = useMutation({
    mutationFn: () => restoreUser(appId, user.id),
    // It takes nothing away, so it shows at once, and is taken back if the server says no.
    onMutate: async () => {
      await cache.cancelQueries({ queryKey, exact: true });
      const before = cache.getQueryData(queryKey);
      cache.setQueryData(queryKey, before && { ...before, status: "active" });
      return before;
    },
    onSuccess: () => toast("Restored", `${user.email} can log in again.`),
    onError: (error, _, before) => {
      cache.setQueryData(queryKey, before);
      toastError("The user was not restored", error);
    },
    onSettled: refresh,
  });
  const suspend = useMutation({ mutationFn: () => suspendUser(appId, user.id), onSuccess: refresh });
  const logOut = useMutation({ mutationFn: () => logOutUser(appId, user.id), onSuccess: refresh });
  const erase = useMutation({
    mutationFn: () => eraseUser(appId, user.id),
    onSuccess: () => {
      cache.removeQueries({ queryKey });
      void cache.invalidateQueries({ queryKey: ["application", appId, "users"] });
      toast("The user is erased");
      onErased();
    },
  });

  return (
    <div className="flex gap-2">
      {user.status === "active" ? (
        <Button look="danger-quiet" onClick={() => setAsked("suspend")}>
          Suspend
        </Button>
      ) : (
        <Button look="primary" onClick={() => restore.mutate()}>
          Restore
        </Button>
      )}
      <Menu
        trigger={
          <Button aria-label="More actions" className="px-2.5!">
            <Ellipsis aria-hidden />
          </Button>
        }
      >
        <MenuItem onClick={() => setAsked("logout")} disabled={user.sessions.length === 0}>
          Log out everywhere
        </MenuItem>
        <MenuSeparator />
        <MenuItem onClick={() => setAsked("erase")} className="text-bad!">
          Erase this person
        </MenuItem>
      </Menu>
      <ConfirmDialog
        open={asked === "suspend"}
        onOpenChange={close}
        title="Suspend this user?"
        description={
          <>
            <Who email={user.email} /> is logged out everywhere and can't log in until you restore them. Nothing is deleted.
          </>
        }
        action="Suspend user"
        onConfirm={() => suspend.mutateAsync()}
      />
      <ConfirmDialog
        open={asked === "logout"}
        onOpenChange={close}
        title="Log out everywhere?"
        description={
          <>
            Every session of <Who email={user.email} /> ends at once. They can log in again.
          </>
        }
        action="Log out everywhere"
        onConfirm={() => logOut.mutateAsync()}
      />
      <ConfirmDialog
        open={asked === "erase"}
        onOpenChange={close}
        title="Erase this person?"
        description={
          <>
            The account of <Who email={user.email} /> is lost for good: the address, the metadata, the password, every session, and all
            addresses and devices in the log. What happened stays in the log, without saying to whom. It can't be undone. Anybody with
            this address can sign up again, as somebody new.
          </>
        }
        action="Erase this person"
        typed={user.email}
        onConfirm={() => erase.mutateAsync()}
      />
    </div>
  );
}

function Who({ email }: { email: string }) {
  return <bdi className="font-medium break-all text-ink">{email}</bdi>;
}
