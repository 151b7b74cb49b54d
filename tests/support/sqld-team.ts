import { generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import type { StoreTarget } from "../../src/store/engine/store-target.ts";
import { startLibsqlServer } from "./libsql-server.ts";

/** A team's servers on loopback: a primary and a replica, both asking for tokens of one key. */
export type Team = Awaited<ReturnType<typeof startTeam>>;

export async function startTeam(replicaEnv: Readonly<Record<string, string>> = {}) {
  const keys = generateKeyPairSync("ed25519");
  const { x: jwtKey = "" } = keys.publicKey.export({ format: "jwk" });
  const primary = await startLibsqlServer({ jwtKey, hasReplicas: true });
  const replica = await startLibsqlServer({ jwtKey, primary: primary.grpcUrl ?? "", env: replicaEnv });
  let key = keys.privateKey;
  const token = (access: "rw" | "ro", seconds = 3600) => tokenOf(key, access, seconds);
  return {
    primary,
    replica,
    token,
    /** A token of somebody else's key. */
    foreignToken: () => tokenOf(generateKeyPairSync("ed25519").privateKey, "rw", 3600),
    /** The primary starts again with another key: tokens of before are good for nothing. */
    async changeKey() {
      const next = generateKeyPairSync("ed25519");
      await primary.kill();
      await primary.startAgain(next.publicKey.export({ format: "jwk" }).x);
      key = next.privateKey;
    },
    target: (url: string, access: "rw" | "ro" = "rw"): StoreTarget => ({ kind: "remote", url, token: token(access) }),
    async [Symbol.asyncDispose]() {
      await replica[Symbol.asyncDispose]();
      await primary[Symbol.asyncDispose]();
    },
  };
}

/** A JSON web token as libSQL servers read it. */
function tokenOf(key: KeyObject, access: "rw" | "ro", seconds: number): string {
  const now = Math.floor(Date.now() / 1000);
  const parts = [
    { alg: "EdDSA", typ: "JWT" },
    { a: access, iat: now, exp: now + seconds },
  ].map((part) => Buffer.from(JSON.stringify(part)).toString("base64url"));
  return [...parts, sign(null, Buffer.from(parts.join(".")), key).toString("base64url")].join(".");
}
