import type { RuntimeListView, RuntimeView } from "../../../views/runtime-list.ts";
import { lines, oneLine, table } from "../../render.ts";
import type { Colour, Style } from "../../style.ts";

type Picked = RuntimeListView["picks"]["work"];

/** The agents as a table, and below it who would be picked. */
export function describeRuntimes(style: Style, { runtimes, picks, providers }: RuntimeListView): string {
  const agents = table(
    style,
    [
      { heading: "NAME", cell: ({ name }) => name, colour: colourOf },
      { heading: "KIND", cell: ({ kind }) => kind },
      { heading: "INSTALLED", cell: ({ installed }) => (installed ? "yes" : "no") },
      { heading: "VERSION", cell: ({ version }) => version ?? "" },
      { heading: "LOGGED IN", cell: ({ logged_in }) => (logged_in === null ? "" : logged_in ? "yes" : "no") },
      { heading: "CAN", cell: abilities },
      { heading: "NOTE", cell: ({ note }) => note, grows: true },
    ],
    runtimes,
  );
  const rows: { what: string; picked: Picked }[] = [{ what: "work", picked: picks.work }];
  for (const { role, here, in_host } of picks.minds) {
    rows.push({ what: role, picked: here });
    if (who(in_host) !== who(here)) rows.push({ what: `${role}, called by a host`, picked: in_host });
  }
  const chosen = table(
    style,
    [
      { heading: "FOR", cell: ({ what }) => what },
      { heading: "PICKED", cell: ({ picked }) => who(picked), colour: ({ picked }) => trouble(picked) },
      { heading: "WHY", cell: ({ picked }) => why(picked), grows: true },
    ],
    rows,
  );
  if (!style.forPeople) return agents + chosen;
  // A column of a narrow terminal cuts what somebody has to do: it stands below the tables in full.
  const notes = runtimes.flatMap(({ name, installed, logged_in, note }) => {
    return installed && logged_in !== false ? [] : [`${name}: ${oneLine(note)}`];
  });
  const refused = [...rows.map(({ picked }) => picked), providers].flatMap((one) => ("next" in one ? [one] : []));
  const nexts = refused.map(({ message, next }) => `${oneLine(message)}.\n→ ${oneLine(next)}`);
  return agents + lines([...notes, ""]) + chosen + lines([...new Set(nexts)]);
}

function abilities({ can: { write, read_only, resume, schema } }: RuntimeView): string {
  const reading = { held: ["read-only"], asked: ["read-only when asked"], no: [] }[read_only];
  const words = [write ? "write" : "", ...reading, resume ? "resume" : "", schema ? "schema" : ""];
  return words.filter(Boolean).join(", ");
}

function who(picked: Picked): string {
  if ("next" in picked) return "nobody";
  return picked.model === null ? picked.name : `${picked.name}/${picked.model}`;
}

function why(picked: Picked): string {
  return "next" in picked ? picked.message : picked.why;
}

function trouble(picked: Picked): Colour | undefined {
  return "next" in picked ? "red" : undefined;
}

function colourOf({ installed, logged_in }: RuntimeView): Colour {
  if (!installed) return "dim";
  return logged_in === false ? "yellow" : "green";
}
