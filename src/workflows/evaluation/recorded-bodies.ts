import { createHash } from "node:crypto";
import { isRefusal } from "../../base/refusal.ts";
import type { Subject } from "../../domain/evaluation/evaluation-record.ts";
import type { EvidenceLink } from "../../domain/evaluation/evidence-link.ts";
import { seedHash } from "../../domain/seed/seed-hash.ts";
import { fromYaml } from "../../domain/seed/seed-yaml.ts";
import { getBlob } from "../../store/blobs.ts";
import type { Store } from "../../store/store.ts";
import type { EvidenceOnRecord } from "./evidence-on-record.ts";

/** The seed's text as it is kept, and whether it still is what was judged by; without a text there is nothing to run. */
export async function seedOnRecord(
  store: Store,
  { seed_text, seed_hash }: Pick<Subject, "seed_text" | "seed_hash">,
): Promise<{ readonly link: EvidenceLink; readonly text: string | null }> {
  const body = await getBlob(store, seed_text);
  const link = (verdict: EvidenceLink["verdict"], why: string) => ({ what: "seed", of: null, verdict, why }) as const;
  if (!body) return { link: link("cannot_run", "its text is not in this store"), text: null };
  const text = new TextDecoder().decode(body);
  const document = fromYaml(text);
  const isSame = hashOf(body) === seed_text && !isRefusal(document) && seedHash(document) === seed_hash;
  // What somebody has changed is not run: nobody has agreed to that.
  if (!isSame) return { link: link("tampered", "its text is not the one that was judged by"), text: null };
  return { link: link("same", seed_hash), text };
}

/** Whether every output is kept as it was printed. */
export async function outputLinks(
  store: Store,
  { checks, mechanical }: Pick<EvidenceOnRecord, "checks" | "mechanical">,
): Promise<EvidenceLink[]> {
  const named = [
    ...checks.map(({ criterion_key, output_hash }) => ({ of: criterion_key, output_hash })),
    ...mechanical.map(({ kind, output_hash }) => ({ of: kind, output_hash })),
  ];
  const links: EvidenceLink[] = [];
  for (const { of, output_hash } of named) {
    if (output_hash === null) continue;
    const body = await getBlob(store, output_hash);
    if (!body) links.push({ what: "output", of, verdict: "cannot_run", why: `${output_hash} is not in this store` });
    else if (hashOf(body) === output_hash) links.push({ what: "output", of, verdict: "same", why: output_hash });
    else links.push({ what: "output", of, verdict: "tampered", why: `what is kept as ${output_hash} is another text` });
  }
  return links;
}

function hashOf(body: Uint8Array): string {
  return createHash("sha256").update(body).digest("hex");
}
