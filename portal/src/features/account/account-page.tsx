import { useQuery } from "@tanstack/react-query";
import { developerQuery } from "@/api/developers";
import { Page } from "@/components/page";
import { PasswordForm } from "./password-form";
import { Profile } from "./profile";
import { Sessions } from "./sessions";

/** The developer's own account. */
export function AccountPage() {
  const { data: developer } = useQuery(developerQuery);
  return (
    <Page title="Account">
      {developer !== undefined && (
        <div className="grid grid-cols-1 gap-5">
          <Profile developer={developer} />
          <PasswordForm />
          <Sessions />
        </div>
      )}
    </Page>
  );
}
