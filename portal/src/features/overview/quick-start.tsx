import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { apiKeysQuery } from "@/api/api-keys";
import { CodeBlock } from "@/components/code-block";
import { Section } from "@/components/ui/card";
import { Tabs } from "@/components/ui/tabs";
import { type Language, LANGUAGE_NAMES, LANGUAGES, snippet } from "./snippets";

/** A first call in the developer's language, with the real app id and the beginning of a real key. */
export function QuickStart({
  appId,
  language,
  onLanguage,
}: {
  appId: string;
  language: Language;
  onLanguage: (language: Language) => void;
}) {
  const keys = useQuery(apiKeysQuery(appId));
  const key = keys.data?.findLast(({ type, revoked_at }) => type === "secret" && revoked_at === null);
  const facts = { baseUrl: window.location.origin, appId, keyPrefix: key?.prefix };
  return (
    <Section
      title="Quick start"
      description={
        keys.isSuccess && key === undefined ? (
          <>
            You need a secret key first.{" "}
            <Link
              to="/applications/$appId/api-keys"
              params={{ appId }}
              search={{ new: true }}
              className="font-medium text-primary underline underline-offset-2"
            >
              Create an API key
            </Link>
          </>
        ) : (
          "From your server. The key stays in its environment."
        )
      }
    >
      <Tabs
        label="Language"
        value={language}
        onChange={onLanguage}
        tabs={LANGUAGES.map((value) => ({
          value,
          label: LANGUAGE_NAMES[value],
          content: <CodeBlock code={snippet(value, facts)} what={`${LANGUAGE_NAMES[value]} example`} />,
        }))}
      />
    </Section>
  );
}
