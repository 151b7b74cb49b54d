import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { isIPv6 } from "node:net";
import { localhostAllowedHostnames, validateHostHeader, validateOriginHeader } from "@modelcontextprotocol/server";

/** What of a request is looked at before any of its body is read. */
type Knock = Pick<IncomingMessage, "url" | "headers"> & { readonly socket: { readonly localAddress?: string } };

interface GuardRules {
  readonly names: readonly string[];
  readonly token: string | undefined;
  readonly path: string;
  readonly bodyBytes: number;
}

/** Why a request does not come in; undefined when it does. Whoever has no token learns nothing but that. */
export function turnAway(
  { url = "", headers, socket }: Knock,
  { names, token, path, bodyBytes }: GuardRules,
): { readonly status: number; readonly message: string } | undefined {
  // A page whose own name was made to lead here calls us by that name; our address is nobody's name.
  const known = [...names, ...(socket.localAddress === undefined ? [] : [asHost(socket.localAddress)])];
  const host = validateHostHeader(headers.host, known);
  if (!host.ok) return { status: 403, message: host.message };
  const origin = validateOriginHeader(headers.origin, known);
  if (!origin.ok) return { status: 403, message: origin.message };
  if (token !== undefined && !carries(headers.authorization, token)) {
    return { status: 401, message: "A bearer token is needed: that of --token-file" };
  }
  if (url.split("?")[0] !== path) return { status: 404, message: `There is nothing but ${path} here` };
  if (Number(headers["content-length"] ?? 0) > bodyBytes) {
    return { status: 413, message: `A request may have at most ${bodyBytes} bytes` };
  }
  return undefined;
}

/** The names by which this server may be called: its own, this machine's for itself, and what it was told. */
export function allowedNames({ host, allowedHosts }: { host: string; allowedHosts: readonly string[] }): string[] {
  return [...localhostAllowedHostnames(), asHost(host), ...allowedHosts.map(asHost)];
}

/** Whether only this machine reaches an address or name. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^(::ffff:)?127(\.\d{1,3}){3}$/.test(host);
}

/** As it stands in a Host header. */
function asHost(address: string): string {
  const plain = address.toLowerCase().replace(/^::ffff:(?=[\d.]+$)/, "");
  return isIPv6(plain) ? `[${plain}]` : plain;
}

/** Compared by hashes of one length, so that the time it takes says nothing about the token. */
function carries(authorization: string | undefined, token: string): boolean {
  const [, given] = /^Bearer +(\S+)$/i.exec(authorization ?? "") ?? [];
  return given !== undefined && timingSafeEqual(digest(given), digest(token));
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
