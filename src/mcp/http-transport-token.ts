import { closeSync, fstatSync, openSync, readFileSync } from "node:fs";
import { messageOf } from "../base/errors.ts";
import { type Refusal, refuse } from "../base/refusal.ts";

/** Readable by anybody but its owner. */
const OTHERS = 0o077;
const MAKE_ONE = "Make one: (umask 077; openssl rand -hex 32 > FILE)";

/** The token of a file that only its owner can read, or why not. */
export function readToken(path: string): string | Refusal {
  let file: number | undefined;
  try {
    file = openSync(path, "r");
    // Of the very file that is read, whatever its name is made to mean in between.
    const { mode } = fstatSync(file);
    if (process.platform !== "win32" && (mode & OTHERS) !== 0) {
      const octal = (mode & 0o777).toString(8).padStart(4, "0");
      return no(`others may read it (its mode is ${octal})`, `Run: chmod 600 ${path}, or better make another token`);
    }
    const token = readFileSync(file, "utf8").trim();
    if (/^[\w.~+/=-]{16,}$/.test(token)) return token;
    return no("a token is one word of 16 or more letters, digits and -._~+/=", MAKE_ONE);
  } catch (error) {
    return no(messageOf(error), MAKE_ONE);
  } finally {
    if (file !== undefined) closeSync(file);
  }

  function no(why: string, next: string): Refusal {
    return refuse("bad_token_file", `Cannot take a token from ${path}: ${why}`, next);
  }
}

/** The refusal of an address that others reach, without a token. */
export function needsToken(host: string): Refusal {
  const message = `Cannot serve on ${host} without a token: whoever reaches it could start agents here`;
  return refuse("wrong_usage", message, `${MAKE_ONE}, then add --token-file FILE; or listen on 127.0.0.1`);
}
