import { once } from "node:events";
import { createServer } from "node:net";

/** A port that nobody listens on, below those that the system gives to clients: none of them takes it meanwhile. */
export async function freePort(host = "127.0.0.1"): Promise<number> {
  for (;;) {
    const port = 12_000 + Math.floor(Math.random() * 18_000);
    const server = createServer().listen(port, host);
    if (!(await once(server, "listening").catch(() => undefined))) continue;
    server.close();
    await once(server, "close");
    return port;
  }
}
