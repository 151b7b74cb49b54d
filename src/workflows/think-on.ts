import { setTimeout as timer } from "node:timers/promises";
import type { Store } from "../store/store.ts";

/** Thinking that is under way in this process, by what it is about. */
const underWay = new WeakMap<Store, Map<string, Promise<unknown>>>();

/**
 * Thinking that outlives the call it was started for: a host gives up on a call long before a slow model has answered. Resolves
 * with its outcome, or with undefined once the patience is over; whoever asks for the same thing again joins it. What it finds out,
 * `start` has to store. Without a patience it is the caller's alone, and ends with its signal.
 */
export async function thinkOn<T>(
  store: Store,
  about: string,
  { patienceMs, signal }: { readonly patienceMs: number | undefined; readonly signal: AbortSignal },
  start: (signal: AbortSignal) => Promise<T>,
): Promise<T | undefined> {
  if (patienceMs === undefined) return start(signal);
  const thinking = join(store, about, start);
  const over = new AbortController();
  const impatience = timer(patienceMs, undefined, { signal: AbortSignal.any([signal, over.signal]) });
  try {
    return await Promise.race([thinking, impatience.catch(() => undefined)]);
  } finally {
    over.abort();
  }
}

function join<T>(store: Store, about: string, start: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const all = underWay.get(store) ?? new Map<string, Promise<unknown>>();
  underWay.set(store, all);
  const present = all.get(about);
  // The same words are always about a thought of the same kind.
  if (present) return present as Promise<T>;
  const thinking = start(new AbortController().signal).finally(() => all.delete(about));
  all.set(about, thinking);
  // Nobody may be waiting for it any more: whoever asks again then starts anew.
  thinking.catch(() => undefined);
  return thinking;
}
