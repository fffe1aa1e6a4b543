/** A program of its own that shares a file with the test: says when it is ready, asks who it is when told to, and answers. */
import { DevAuthClient } from "@devauth/sdk";
import { fileStorage } from "@devauth/sdk/node";

const [, , baseUrl, appId, apiKey, path] = process.argv;
const client = new DevAuthClient({ baseUrl, appId, apiKey, storage: fileStorage(path) });
process.on("message", async () => {
  try {
    const user = await client.getMe();
    process.send({ user: user.id, token: await client.getAccessToken() });
  } catch (error) {
    process.send({ error: String(error) });
  }
  process.disconnect();
});
process.send("ready");
