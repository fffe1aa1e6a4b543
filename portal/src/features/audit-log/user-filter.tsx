import { useQuery } from "@tanstack/react-query";
import { type KeyboardEvent, useCallback, useRef, useState } from "react";
import { type User, userQuery, usersQuery } from "@/api/users";
import { UrlSearch } from "@/components/url-search";
import { inWords } from "@/lib/problem";

/** Choices that are shown; whoever sees no fitting one types on. */
const SHOWN = 6;
const USER_ID = /^usr_[0-7][0-9a-hjkmnp-tv-z]{25}$/;

/** Chooses a user, by a part of their address or by their id: the log knows ids, people know addresses. */
export function UserFilter({
  appId,
  value,
  onUser,
}: {
  appId: string;
  /** The id of who is chosen. */
  value: string | undefined;
  onUser: (userId: string | undefined) => void;
}) {
  const [text, setText] = useState("");
  const [picked, setPicked] = useState<User>();
  const [focused, setFocused] = useState(false);
  const all = useRef<HTMLDivElement>(null);
  // Somebody who was erased has no address; their id still finds what happened.
  const chosen = useQuery({ ...userQuery(appId, value ?? ""), enabled: value !== undefined, retry: false });
  const email = chosen.data?.email ?? (picked?.id === value ? picked?.email : undefined);
  const looking = focused && value === undefined && text !== "" && !text.startsWith("usr_");
  const found = useQuery({ ...usersQuery(appId, text, 1), enabled: looking });

  const onSearch = useCallback(
    (typed: string) => {
      setText(typed);
      onUser(USER_ID.test(typed) ? typed : undefined);
    },
    [onUser],
  );
  return (
    <div
      ref={all}
      className="relative"
      onKeyDown={stepThroughChoices}
      onFocus={() => setFocused(true)}
      onBlur={({ currentTarget, relatedTarget }) => {
        if (currentTarget.contains(relatedTarget)) return;
        setFocused(false);
        setText("");
      }}
    >
      <UrlSearch label="E-mail or user id" value={value === undefined ? text : (email ?? value)} onSearch={onSearch} />
      {looking && (
        <div
          className="absolute inset-x-0 top-full z-20 mt-1.5 rounded-xl bg-surface p-1 shadow-pop"
          aria-busy={found.isFetching}
          // The focus stays where it is, also in browsers that give it to no pressed button.
          onPointerDown={(event) => event.preventDefault()}
        >
          <p role="status" className="px-2.5 py-1.5 text-[0.8125rem] break-words text-soft">
            {found.isError ? inWords(found.error) : found.data === undefined ? "Looking…" : summary(found.data.total)}
          </p>
          <ul aria-label="Users found">
            {found.data?.data.slice(0, SHOWN).map((user) => (
              <li key={user.id}>
                <button
                  type="button"
                  title={user.email}
                  className="block min-h-8 w-full truncate rounded-md px-2.5 py-1.5 text-left text-ink hover:bg-hover focus-visible:-outline-offset-2 pointer-coarse:min-h-10"
                  onClick={() => pick(user)}
                >
                  <bdi>{user.email}</bdi>
                </button>
              </li>
            ))}
          </ul>
        </div>
      )}
    </div>
  );

  function pick(user: User) {
    setPicked(user);
    setText("");
    onUser(user.id);
    all.current?.querySelector("input")?.focus();
  }

  function stepThroughChoices(event: KeyboardEvent<HTMLDivElement>) {
    if (event.key === "Escape") return setText("");
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step === undefined) return;
    const stops = Array.from(event.currentTarget.querySelectorAll<HTMLElement>("input, button"));
    event.preventDefault();
    stops[stops.findIndex((stop) => stop === document.activeElement) + step]?.focus();
  }
}

function summary(total: number): string {
  if (total === 0) return "Nobody has such an address.";
  if (total > SHOWN) return `The newest ${SHOWN} of ${total}. Type on to narrow them.`;
  return total === 1 ? "One user." : `${total} users.`;
}
