/** An empty database on the Postgres that the tests were given. */
import { randomBytes } from "node:crypto";
import pg from "pg";

async function statement(text) {
  const client = new pg.Client({ connectionString: process.env.DEVAUTH_TEST_DATABASE_URL });
  await client.connect();
  await client.query(text).finally(() => client.end());
}

export async function database() {
  const given = process.env.DEVAUTH_TEST_DATABASE_URL;
  if (!given) throw new Error("Set DEVAUTH_TEST_DATABASE_URL to a Postgres where databases may be made.");
  const name = `docs_${randomBytes(6).toString("hex")}`;
  await statement(`CREATE DATABASE ${name}`);
  const url = given.replace(/^(postgres:\/\/[^/]*\/)[^?]*/, `$1${name}`);
  return { url, drop: () => statement(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`) };
}
