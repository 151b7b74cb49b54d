import { pathToFileURL } from "node:url";

/** Where the events live: one file of this machine, or a libSQL server that several machines share. */
export type StoreTarget =
  | { readonly kind: "file"; readonly path: string; readonly createFolder: boolean }
  | { readonly kind: "remote"; readonly url: string; readonly token: string | undefined };

/** The target as a person may read it: never with the token, nor with credentials inside a URL. */
export function describeTarget(target: StoreTarget): string {
  if (target.kind === "file") return target.path;
  const url = new URL(target.url);
  return `${url.protocol}//${url.host}${url.pathname === "/" ? "" : url.pathname}`;
}

/** The `file:` URL of a path, with every odd character escaped. */
export function fileUrl(path: string): string {
  return pathToFileURL(path).href;
}
