import type { AccessClaims } from "./claims.js";
import { bearerToken, refusal } from "./refusal.js";
import type { TokenVerifier } from "./verifier.js";

/** How to register {@link devauthFastify}. */
export interface FastifyAuthOptions {
  verifier: TokenVerifier;
}

interface Request {
  headers: { authorization?: string | undefined };
  auth: AccessClaims | null;
}

interface Reply {
  code(status: number): this;
  headers(headers: Record<string, string>): this;
  send(body: unknown): unknown;
}

interface Instance {
  decorateRequest(name: "auth", value: null): unknown;
  decorate(name: "authenticate", value: (request: Request, reply: Reply) => Promise<unknown>): unknown;
}

/**
 * A plugin for Fastify 4 and 5. Routes with `preHandler: app.authenticate` get requests with a good access token only, with its claims
 * in `request.auth`; elsewhere that is `null`.
 */
export async function devauthFastify(app: unknown, options: FastifyAuthOptions): Promise<void> {
  const instance = app as Instance;
  instance.decorateRequest("auth", null);
  instance.decorate("authenticate", async (request, reply) => {
    request.auth = null;
    let problem: unknown;
    try {
      const token = bearerToken(request.headers.authorization);
      if (token !== undefined) request.auth = await options.verifier.verify(token);
    } catch (error) {
      problem = error;
    }
    if (request.auth !== null) return;
    const { status, headers, body } = refusal(problem);
    return reply.code(status).headers(headers).send(JSON.stringify(body));
  });
}

// Fastify gives each plugin a scope of its own unless it carries this mark, which is all that fastify-plugin would add.
(devauthFastify as unknown as Record<symbol, unknown>)[Symbol.for("skip-override")] = true;
