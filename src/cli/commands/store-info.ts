import type { Answer, Cli, SharedFlags } from "../command.ts";
import { look } from "../open.ts";
import { bytes, fields } from "../render.ts";
import { countRows, sizesOf, toShape } from "./store/store-facts.ts";

/** `ouroboros store info` */
export function storeInfo({ style }: Cli, flags: SharedFlags): Promise<Answer> {
  return look(flags, async ({ store }) => {
    const sizes = await sizesOf(store.target);
    const counts = await countRows(store);
    const shape = toShape(store.shape);
    const json = {
      where: store.database.where,
      engine: store.database.engine,
      access: store.access,
      read_only_because: store.readOnlyBecause ?? null,
      shape,
      sizes,
      counts,
    };
    const text = fields(style, [
      ["Store", json.where],
      ["Engine", json.engine],
      ["Access", json.read_only_because === null ? json.access : `${json.access}: ${json.read_only_because}`],
      ["Upstream generation", shape.generation],
      ["Spelling", shape.spelling],
      ["Missing indexes", shape.missing_indexes.join(", ")],
      ["Format", shape.schema_version],
      ["File", sizes && bytes(sizes.file_bytes)],
      ["Write-ahead log", sizes && bytes(sizes.wal_bytes)],
      ["Events", counts.events],
      [
        "Sessions",
        Object.entries(counts.sessions)
          .map(([status, n]) => `${n} ${status}`)
          .join(", "),
      ],
      ["Leases", counts.leases],
      ["Blobs", `${counts.blobs} (${bytes(counts.blob_bytes)})`],
      ["Start receipts", counts.receipts],
    ]);
    return { json, text };
  });
}
