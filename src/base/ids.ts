import { randomUUID } from "node:crypto";

/** A fresh event or owner id: UUID version 4 as text, as upstream writes them. */
export function newId(): string {
  return randomUUID();
}

/** A fresh id of our own kinds, such as `batch_3f0c…`: the prefix, an underscore, 12 hexadecimal digits. */
export function newShortId(prefix: string): string {
  return `${prefix}_${randomUUID().replaceAll("-", "").slice(0, 12)}`;
}

/** The same with 16 digits, as upstream makes the ids of interviews that a caller may choose. */
export function newHexId(prefix: string): string {
  return `${prefix}_${randomUUID().replaceAll("-", "").slice(0, 16)}`;
}
