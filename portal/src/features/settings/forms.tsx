import type { Application } from "@/api/applications";
import { Checkbox } from "@/components/ui/checkbox";
import { ChoiceCards } from "@/components/ui/choice-cards";
import { Field } from "@/components/ui/field";
import { Input, Select, Textarea } from "@/components/ui/input";
import { generalSchema, inUnits, lines, passwordsSchema, sessionsSchema, signupSchema, UNITS, urlsSchema } from "./schema";
import { SettingsCard } from "./settings-card";
import { useSettingsForm } from "./use-settings-form";

interface Props {
  application: Application;
}

export function GeneralForm({ application }: Props) {
  const form = useSettingsForm(application, generalSchema, ({ name }) => ({ name }), ({ name }) => ({ name }));
  return (
    <SettingsCard title="General" form={form.card}>
      <Field label="Name" error={form.formState.errors.name?.message} hint="Your users see it in mails.">
        <Input autoComplete="off" className="max-w-md" {...form.register("name")} />
      </Field>
    </SettingsCard>
  );
}

export function UrlsForm({ application }: Props) {
  const form = useSettingsForm(
    application,
    urlsSchema,
    ({ settings }) => ({ app_url: settings.app_url ?? "", allowed_origins: settings.allowed_origins.join("\n") }),
    ({ app_url, allowed_origins }) => ({
      settings: { app_url: app_url === "" ? null : app_url, allowed_origins: lines(allowed_origins) },
    }),
  );
  const { errors } = form.formState;
  return (
    <SettingsCard title="Addresses" description="Where your application is, and from where browsers may call DevAuth." form={form.card}>
      <Field
        label="Application URL"
        optional
        error={errors.app_url?.message}
        hint={
          <>
            Mailed links lead to <code className="font-mono">/verify-email</code> and{" "}
            <code className="font-mono">/reset-password</code> below it. Empty: to DevAuth&rsquo;s own pages.
          </>
        }
      >
        <Input type="url" inputMode="url" autoComplete="off" placeholder="https://app.example.com" className="max-w-md" {...form.register("app_url")} />
      </Field>
      <Field
        label="Allowed origins"
        optional
        error={errors.allowed_origins?.message}
        hint="One a line. A publishable key works from these pages."
      >
        <Textarea
          rows={3}
          spellCheck={false}
          autoComplete="off"
          placeholder={"https://app.example.com\nhttp://localhost:3000"}
          className="max-w-md font-mono pointer-fine:text-[0.8125rem]"
          {...form.register("allowed_origins")}
        />
      </Field>
    </SettingsCard>
  );
}

const MODES = [
  { value: "open", label: "Open", hint: "A taken address is answered with 409. Friendlier; tells who has an account." },
  { value: "strict", label: "Strict", hint: "The answer is the same for every address, and the owner of a taken one gets a notice." },
] as const;

export function SignupForm({ application }: Props) {
  const form = useSettingsForm(
    application,
    signupSchema,
    ({ settings }) => ({
      require_verified_email: settings.require_verified_email,
      signup_mode: settings.signup_mode === "strict" ? ("strict" as const) : ("open" as const),
    }),
    (settings) => ({ settings }),
  );
  return (
    <SettingsCard title="Signup" form={form.card}>
      <div className="max-w-xl">
        <ChoiceCards legend="Signup mode" options={MODES} {...form.register("signup_mode")} />
      </div>
      <Checkbox
        label="Require a verified e-mail address"
        hint="Nobody logs in before they followed the link in their mail."
        {...form.register("require_verified_email")}
      />
    </SettingsCard>
  );
}

const STRENGTHS = [
  "0: any",
  "1: withstands a few guesses",
  "2: withstands an online attack for a while",
  "3: safely unguessable (recommended)",
  "4: very unguessable",
];

export function PasswordsForm({ application }: Props) {
  const form = useSettingsForm(
    application,
    passwordsSchema,
    ({ settings }) => ({
      password_min_length: String(settings.password_min_length),
      password_min_strength: String(settings.password_min_strength) as "0" | "1" | "2" | "3" | "4",
    }),
    (values) => ({
      settings: {
        password_min_length: Number(values.password_min_length),
        password_min_strength: Number(values.password_min_strength),
      },
    }),
  );
  const { errors } = form.formState;
  return (
    <SettingsCard
      title="Passwords"
      description="For new passwords; those that are set stay good. Common passwords and the address itself are always refused."
      form={form.card}
    >
      <Field label="Minimum length" error={errors.password_min_length?.message} hint="8 to 64 characters.">
        <Input inputMode="numeric" autoComplete="off" className="max-w-28" {...form.register("password_min_length")} />
      </Field>
      <Field label="Minimum strength" error={errors.password_min_strength?.message} hint="As zxcvbn estimates it.">
        <Select className="max-w-md" {...form.register("password_min_strength")}>
          {STRENGTHS.map((label, strength) => (
            <option key={label} value={strength}>
              {label}
            </option>
          ))}
        </Select>
      </Field>
    </SettingsCard>
  );
}

export function SessionsForm({ application }: Props) {
  const form = useSettingsForm(
    application,
    sessionsSchema,
    ({ settings: { session_lifetime } }) =>
      session_lifetime === null ? { length: "", unit: "days" as const } : inUnits(session_lifetime),
    ({ length, unit }) => ({ settings: { session_lifetime: length === "" ? null : Number(length) * UNITS[unit] } }),
  );
  return (
    <SettingsCard
      title="Sessions"
      description="How long after a login somebody has to log in again, however often they come back meanwhile."
      form={form.card}
    >
      <div className="flex max-w-md items-start gap-2">
        <Field
          label="Lifetime"
          optional
          className="grow"
          error={form.formState.errors.length?.message}
          hint="Empty: as this service has it, usually 7 days."
        >
          <Input inputMode="numeric" autoComplete="off" placeholder="7" {...form.register("length")} />
        </Field>
        <Field label="Unit" className="w-32 shrink-0">
          <Select {...form.register("unit")}>
            {Object.keys(UNITS).map((unit) => (
              <option key={unit}>{unit}</option>
            ))}
          </Select>
        </Field>
      </div>
    </SettingsCard>
  );
}
