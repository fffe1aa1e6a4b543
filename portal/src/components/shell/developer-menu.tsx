import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { BookOpen, ChevronsUpDown, LogOut, Monitor, Moon, Sun, UserRound } from "lucide-react";
import { developerQuery, logOut } from "@/api/developers";
import { isSessionLost } from "@/lib/problem";
import { useTheme } from "@/lib/theme";
import { Menu, MenuChoice, MenuItem, MenuLink, MenuSeparator } from "../ui/menu";
import { toastError } from "../ui/toast";

const THEMES = [
  { value: "light", label: "Light", icon: <Sun aria-hidden /> },
  { value: "dark", label: "Dark", icon: <Moon aria-hidden /> },
  { value: "system", label: "As the system", icon: <Monitor aria-hidden /> },
] as const;

/** Who is logged in, the theme, and the way out. */
export function DeveloperMenu({ onNavigate }: { onNavigate?: () => void }) {
  const { data: developer } = useQuery(developerQuery);
  const [theme, setTheme] = useTheme();
  const leave = useLogOut();
  const name = developer?.name ?? developer?.email ?? "";
  return (
    <Menu
      align="start"
      side="top"
      className="w-56"
      trigger={
        <button
          type="button"
          className="flex h-11 w-full items-center gap-2.5 rounded-lg px-2 text-left transition-colors hover:bg-hover"
        >
          <span
            aria-hidden
            className="grid size-7 shrink-0 place-items-center rounded-full bg-primary-soft text-xs font-semibold text-primary uppercase"
          >
            {Array.from(name)[0]}
          </span>
          <span className="min-w-0 grow leading-4">
            <span className="sr-only">Account: </span>
            <bdi className="block truncate font-medium text-ink">{name}</bdi>
            {typeof developer?.name === "string" && <bdi className="block truncate text-xs text-soft">{developer.email}</bdi>}
          </span>
          <ChevronsUpDown aria-hidden className="size-4 shrink-0 text-soft" />
        </button>
      }
    >
      <MenuLink render={<Link to="/account" onClick={onNavigate} />}>
        <UserRound aria-hidden /> Account
      </MenuLink>
      <MenuLink render={<a href="/docs" target="_blank" rel="noreferrer" />}>
        <BookOpen aria-hidden /> API reference
      </MenuLink>
      <MenuSeparator />
      <MenuChoice label="Theme" value={theme} options={THEMES} onChange={setTheme} />
      <MenuSeparator />
      <MenuItem onClick={() => leave.mutate()}>
        <LogOut aria-hidden /> Log out
      </MenuItem>
    </Menu>
  );
}

/** Ends the session; what was read in it is forgotten. */
function useLogOut() {
  const cache = useQueryClient();
  const navigate = useNavigate();
  return useMutation({
    mutationFn: () => logOut().catch((error: unknown) => {
      // It was over already.
      if (!isSessionLost(error)) throw error;
    }),
    onSuccess: async () => {
      await navigate({ to: "/login" });
      cache.clear();
    },
    onError: (error) => toastError("You are still logged in", error),
  });
}
