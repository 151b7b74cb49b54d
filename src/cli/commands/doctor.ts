import type { Answer, Cli, SharedFlags } from "../command.ts";
import { EXIT } from "../exit-code.ts";
import { bytes, fields, lines, oneLine, table } from "../render.ts";
import { paint, type Style } from "../style.ts";
import { type Examination, examine } from "./doctor/examine.ts";
import type { HostFindings } from "./doctor/examine-hosts.ts";
import type { StoreFindings } from "./doctor/examine-store.ts";
import type { UpkeepFindings } from "./doctor/examine-upkeep.ts";

/** `ouroboros doctor`: what can be known about this installation, and what to do about each problem. Mends nothing. */
export async function doctor({ style }: Cli, flags: SharedFlags): Promise<Answer> {
  const found = await examine(flags);
  return { json: found, text: describe(style, found), exitCode: found.ok ? EXIT.ok : EXIT.failure };
}

function describe(style: Style, found: Examination): string {
  const { config, machine, locks, addon, agents, store, problems } = found;
  const parts = [
    fields(style, [
      ["Version", found.version],
      ["Program", found.program],
      ["Git", found.git ?? "not found"],
      ["Home", config?.home ?? null],
      ["Machine identity", known(machine.machine_known)],
      ["Boot identity", known(machine.boot_known)],
      ["Process namespace", known(machine.pid_namespace_known)],
      ["Python locks", locks && `${locks.folder} (${locks.live} live, ${locks.dead} dead)`],
      ["Native addon", addon && `${addon.folder} (${addon.state})`],
      ["Agents", agents && (agents.installed.join(", ") || "none")],
      ["Work is done by", agents && (agents.work ?? "nobody")],
      ["Questions go to", agents && thinkers(agents.minds)],
      ["Hosts", found.hosts && (found.hosts.map(hostWords).join("; ") || "none found")],
      ["Store", found.where],
    ]),
  ];
  if (store) parts.push(describeStore(style, store));
  const next = problems.map(({ message, next }) =>
    lines([paint(style, "red", oneLine(message)), `  → ${oneLine(next)}`]),
  );
  parts.push(lines([""]), ...(next.length === 0 ? [lines([paint(style, "green", "No problems found.")])] : next));
  return parts.join("");
}

function thinkers(minds: Readonly<Record<string, string | null>>): string {
  const named = Object.entries(minds).map(([role, name]) => `${name ?? "nobody"} (${role})`);
  return `the host where there is one, else ${named.join(", ")}`;
}

const ENTRY_WORDS = {
  this: "starts this program",
  ours: "starts another copy of it",
  python: "starts the Python program",
  foreign: "has another server of this name",
  none: "has no entry, unless by its plugin",
  unreadable: "cannot be read",
} as const satisfies Record<HostFindings["entry"], string>;

function hostWords({ title, entry }: HostFindings): string {
  return `${title} ${ENTRY_WORDS[entry]}`;
}

function known(is: boolean): string {
  return is ? "known" : "unknown";
}

function describeStore(style: Style, { shape, ...store }: StoreFindings): string {
  const { sweeper, starts } = store;
  const facts = fields(style, [
    ["Engine", store.engine],
    ["Server", store.server && `${store.server.round_trip_ms} ms away, clocks ${apart(store.server)}`],
    ["Access", store.access],
    ["Shape", `upstream ${shape.generation}, spelling ${shape.spelling}, format ${shape.schema_version}`],
    ["Missing indexes", shape.missing_indexes.join(", ")],
    ["File", store.sizes && bytes(store.sizes.file_bytes)],
    ["Write-ahead log", store.sizes && bytes(store.sizes.wal_bytes)],
    [
      "Sessions",
      Object.entries(store.sessions)
        .map(([status, n]) => `${n} ${status}`)
        .join(", "),
    ],
    ["Cannot be decoded", `${store.quarantined} rows met`],
    ...upkeepLines(store.upkeep),
    [
      "Sweeper",
      sweeper ? `${sweeper.held ? "held by" : "last held by"} pid ${sweeper.pid}, ${sweeper.why}` : "nobody yet",
    ],
  ]);
  if (starts.length === 0) return facts;
  const rows = table(
    style,
    [
      { heading: "START", cell: (one) => String(one.scheduled_at ?? "") },
      { heading: "PHASE", cell: (one) => String(one.phase ?? "") },
      { heading: "ROLE", cell: (one) => String(one.role ?? "") },
      { heading: "READY", cell: (one) => milliseconds(one, "ready") },
      { heading: "SETTLED", cell: (one) => milliseconds(one, "settled") },
      { heading: "DID", cell: did, grows: true },
    ],
    starts,
  );
  return facts + lines([""]) + rows;
}

function apart({ clock_ahead_seconds: ahead }: NonNullable<StoreFindings["server"]>): string {
  return ahead === 0 ? "agree" : `${Math.abs(ahead)} s apart`;
}

function upkeepLines({ growth, free_bytes, disk_free_bytes, backups, leases }: UpkeepFindings) {
  const span =
    backups && backups.oldest === backups.newest ? backups.newest : `${backups?.oldest} to ${backups?.newest}`;
  return [
    ["Growth", growth && `${growth.rows} rows (${bytes(growth.bytes)}) in ${growth.days} days`],
    ["Free inside the file", free_bytes === null ? null : bytes(free_bytes)],
    ["Free on its disk", disk_free_bytes === null ? null : bytes(disk_free_bytes)],
    [
      "Backups",
      backups && (backups.count === 0 ? "none beside it" : `${backups.count} (${bytes(backups.bytes)}), ${span}`),
    ],
    ["Leases", `${leases.held.length} live, ${leases.lapsed.length} past their time`],
  ] as const;
}

/** Receipts may have been written by another version: what they lack is not shown. */
function milliseconds({ ms }: Readonly<Record<string, unknown>>, name: string): string {
  const value =
    typeof ms === "object" && ms !== null ? Object.entries(ms).find(([key]) => key === name)?.[1] : undefined;
  return typeof value === "number" ? `${value} ms` : "";
}

function did(receipt: Readonly<Record<string, unknown>>): string {
  return ["examined", "cancelled", "paused", "quarantined"]
    .filter((name) => typeof receipt[name] === "number")
    .map((name) => `${receipt[name]} ${name}`)
    .join(", ");
}
