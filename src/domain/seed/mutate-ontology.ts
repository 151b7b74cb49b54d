import type { OntologyMutation } from "./reflection.ts";
import { isRecord, type SeedDocument } from "./seed-document.ts";

/** The ontology as it was written, with fields added, changed and taken out. */
export function mutateOntology(
  { ontology_schema, goal }: SeedDocument,
  mutations: readonly OntologyMutation[],
): SeedDocument {
  if (mutations.length === 0) return {};
  const known = isRecord(ontology_schema) ? ontology_schema : { name: "Domain", description: goal };
  const before: readonly unknown[] = Array.isArray(known.fields) ? known.fields : [];
  const fields = mutations.reduce(
    mutated,
    before.map((field) => (isRecord(field) ? field : { name: field })),
  );
  return { ontology_schema: { ...known, fields } };
}

type Field = Readonly<Record<string, unknown>>;

function mutated(
  fields: readonly Field[],
  { action, field_name, field_type, description }: OntologyMutation,
): readonly Field[] {
  const said = {
    ...(field_type === null ? {} : { type: field_type }),
    ...(description === null ? {} : { description }),
  };
  switch (action) {
    case "add":
      return [...fields, { name: field_name, type: "string", description: "", ...said }];
    case "remove":
      return fields.filter((field) => nameOf(field) !== field_name);
    case "modify":
      return fields.map((field) => {
        if (nameOf(field) !== field_name) return field;
        const { field_type: alias, ...rest } = field;
        return { ...(alias === undefined ? {} : { type: alias }), ...rest, ...said };
      });
  }
}

function nameOf({ name }: Field): unknown {
  return typeof name === "string" ? name.trim() : name;
}
