import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, it } from "vitest";
import * as z from "zod/mini";
import { Field, FormError } from "@/components/ui/field";
import { showProblem, useZodForm } from "./form";
import { ApiError, NetworkError } from "./problem";

const schema = z.object({ label: z.string().check(z.minLength(3, "Too short.")), limit: z.string() });

function Form({ failure }: { failure?: unknown }) {
  const form = useZodForm(schema, { defaultValues: { label: "", limit: "" } });
  const { errors } = form.formState;
  return (
    <form
      noValidate
      onSubmit={form.handleSubmit(() => showProblem(form, failure, { rate_limit_per_minute: "limit" }))}
    >
      <FormError>{errors.root?.message}</FormError>
      <Field label="Label" error={errors.label?.message}>
        <input {...form.register("label")} />
      </Field>
      <Field label="Limit" error={errors.limit?.message}>
        <input {...form.register("limit")} />
      </Field>
      <button>Save</button>
    </form>
  );
}

function invalid(...errors: { pointer: string; code: string; message: string }[]) {
  return new ApiError({ type: "", title: "", status: 422, code: "validation_failed", detail: "Some.", request_id: "r", errors });
}

async function submit(failure: unknown) {
  render(<Form failure={failure} />);
  await userEvent.type(screen.getByLabelText("Label"), "web server");
  await userEvent.click(screen.getByRole("button"));
}

it("puts the server's errors beside their fields, and the focus into the first", async () => {
  await submit(
    invalid(
      { pointer: "/label", code: "invalid_character", message: "must not contain line breaks" },
      { pointer: "/rate_limit_per_minute", code: "out_of_range", message: "must be from 1" },
    ),
  );
  expect(screen.getByLabelText("Label")).toHaveAccessibleDescription("Must not contain line breaks.");
  expect(screen.getByLabelText("Label")).toBeInvalid();
  expect(screen.getByLabelText("Limit")).toHaveAccessibleDescription("Must be from 1.");
  expect(screen.getByLabelText("Label")).toHaveFocus();
});

it("says above the form what belongs to no field of it", async () => {
  await submit(invalid({ pointer: "/settings/other", code: "x", message: "must be otherwise" }));
  expect(screen.getByRole("alert")).toHaveTextContent("Must be otherwise.");
});

it("says above the form why there was no answer", async () => {
  await submit(new NetworkError());
  expect(screen.getByRole("alert")).toHaveTextContent("could not be reached");
});

it("checks a field when it is left, unless it is empty, and then as one types", async () => {
  render(<Form />);
  const label = screen.getByLabelText("Label");
  await userEvent.click(label);
  await userEvent.tab();
  expect(label).toBeValid();
  await userEvent.type(label, "ab");
  expect(label).toBeValid();
  await userEvent.tab();
  expect(label).toHaveAccessibleDescription("Too short.");
  await userEvent.type(label, "c");
  expect(label).toBeValid();
  await userEvent.clear(label);
  expect(label).toBeInvalid();
});

it("waits with an error until a press is over, so that nothing moves below it", async () => {
  render(<Form />);
  const user = userEvent.setup();
  const label = screen.getByLabelText("Label");
  await user.type(label, "ab");
  await user.pointer({ keys: "[MouseLeft>]", target: screen.getByText("Limit") });
  expect(label).not.toHaveFocus();
  expect(label).toBeValid();
  await user.pointer("[/MouseLeft]");
  expect(await screen.findByText("Too short.")).toBeInTheDocument();
});
