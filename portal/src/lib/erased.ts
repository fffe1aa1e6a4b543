/** Is never null, unless it was erased with the person. */
const ALWAYS_SET = ["email", "metadata", "client_address"];

/**
 * Whether a member of an event is gone with the person it was about. The API answers null in its place; what the service did by
 * itself never came from an address.
 */
export function isErased(holder: object, name: string): boolean {
  const members = holder as Record<string, unknown>;
  if (members[name] !== null || isByService(members)) return false;
  if (ALWAYS_SET.includes(name)) return true;
  // A client needs no name for itself, but has an address.
  return name === "user_agent" && members.client_address === null;
}

function isByService({ actor }: Record<string, unknown>): boolean {
  return typeof actor === "object" && actor !== null && "type" in actor && actor.type === "service";
}
