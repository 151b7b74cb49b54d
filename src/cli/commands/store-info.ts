import type { SessionContext } from "../../sessions/session-context.ts";
import { forecast } from "../../store/care/compact.ts";
import { freeInside } from "../../store/care/shrink.ts";
import { type Share, storeUsage } from "../../store/care/store-usage.ts";
import { blobUses } from "../../store/care/unreferred-blobs.ts";
import { catchUp } from "../../store/session/catch-up.ts";
import type { Answer, Cli, SharedFlags } from "../command.ts";
import { EXIT } from "../exit-code.ts";
import { look } from "../open.ts";
import { startProgress } from "../progress.ts";
import { bytes, fields, lines, table } from "../render.ts";
import { paint, type Style } from "../style.ts";
import { metQuarantined } from "./store/met-quarantined.ts";
import { countRows, sizesOf, toShape } from "./store/store-facts.ts";

const LISTED = 10;
const WEEKS = 8;
const POLICY = { olderThanMs: 30 * 86_400_000, keepLast: 0 };

/** `ouroboros store info` */
export function storeInfo({ style, interruption }: Cli, flags: SharedFlags): Promise<Answer | number> {
  return look(flags, async (context) => {
    const { store } = context;
    const sizes = await sizesOf(store.target);
    const counts = await countRows(store);
    const shape = toShape(store.shape);
    const found = await goThrough(context, interruption.signal);
    if (interruption.signal.aborted) return EXIT.interrupted;
    const { usage, uses, freeable, quarantined } = found;
    const json = {
      where: store.database.where,
      engine: store.database.engine,
      access: store.access,
      read_only_because: store.readOnlyBecause ?? null,
      shape,
      sizes,
      free_bytes: await freeInside(store),
      counts,
      quarantined,
      rows: usage.rows,
      payload_bytes: usage.bytes,
      projects: usage.projects,
      sessions: usage.sessions.slice(0, LISTED),
      types: usage.types,
      weeks: usage.weeks,
      undated: usage.undated,
      blobs: uses,
      freeable: { older_than_days: 30, sessions: freeable.sessions, rows: freeable.rows, bytes: freeable.bytes },
    };
    const facts = fields(style, [
      ["Store", json.where],
      ["Engine", json.engine],
      ["Access", json.read_only_because === null ? json.access : `${json.access}: ${json.read_only_because}`],
      ["Upstream generation", shape.generation],
      ["Spelling", shape.spelling],
      ["Missing indexes", shape.missing_indexes.join(", ")],
      ["Format", shape.schema_version],
      ["File", sizes && bytes(sizes.file_bytes)],
      ["Free inside it", json.free_bytes === null ? null : bytes(json.free_bytes)],
      ["Write-ahead log", sizes && bytes(sizes.wal_bytes)],
      ["Events", `${counts.events} (${bytes(usage.bytes)})`],
      ["Cannot be decoded", quarantined === 0 ? null : `${quarantined} rows met; \`ouroboros store check\` lists them`],
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
    const session = (one: (typeof json.sessions)[number]) => ({ ...one, name: `${one.name} ${one.status}` });
    const text =
      facts +
      shares(style, "BY PROJECT", usage.projects.slice(0, LISTED)) +
      shares(style, "BIGGEST SESSIONS", json.sessions.map(session)) +
      shares(style, "BY EVENT TYPE", usage.types.slice(0, LISTED)) +
      shares(
        style,
        "BODIES NAMED BY",
        uses.map(({ by, blobs, bytes }) => ({ name: by, rows: blobs, bytes })),
      ) +
      shares(style, "BY WEEK, FROM", usage.weeks.slice(-WEEKS)) +
      lines(["", couldGo(freeable)]);
    return { json, text };
  });
}

function couldGo({ sessions, rows, bytes: size }: { sessions: number; rows: number; bytes: number }): string {
  if (rows === 0) return "Nothing is older than 30 days and could go.";
  return `${rows} rows (${bytes(size)}) of ${sessions} sessions that ended more than 30 days ago could go: \`ouroboros store compact\`.`;
}

async function goThrough(context: SessionContext, signal: AbortSignal) {
  const { store } = context;
  const progress = startProgress(process.stderr, "Looking through the store …");
  try {
    const { quarantined } = await catchUp(store);
    const usage = await storeUsage(store, signal, (rows) => progress.tell(`${rows} rows looked at`));
    const { uses } = await blobUses(store, signal, "lasting rows");
    const freeable = await forecast(store, POLICY, signal, (n, of) =>
      progress.tell(`${n} of ${of} sessions looked at`),
    );
    return { usage, uses, freeable, quarantined: await metQuarantined(store, quarantined) };
  } finally {
    progress.done();
  }
}

function shares(style: Style, heading: string, list: readonly Share[]): string {
  if (list.length === 0) return "";
  return (
    lines(["", ...(style.forPeople ? [] : [paint(style, "bold", heading)])]) +
    table(
      style,
      [
        { heading, cell: (one) => one.name, grows: true },
        { heading: "ROWS", cell: (one) => String(one.rows) },
        { heading: "BYTES", cell: (one) => bytes(one.bytes) },
      ],
      list,
    )
  );
}
