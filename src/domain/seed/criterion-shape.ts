import * as v from "valibot";
import { artifactFault, MAX_ARTIFACTS, tidyArtifact } from "./artifact-path.ts";
import { lifted, Text, Words } from "./shape-parts.ts";

const Level = v.picklist(["low", "medium", "high"]);
const Investment = v.looseObject({
  difficulty: v.nullish(Level, null),
  stakes: v.nullish(Level, null),
  provenance: v.nullish(v.picklist(["declared", "measured", "inferred", "absent"]), "absent"),
  confidence: v.nullish(v.union([v.number(), v.string()]), null),
});

const Artifact = v.pipe(
  v.string(),
  v.transform(tidyArtifact),
  v.check(
    (path) => artifactFault(path) === undefined,
    ({ input }) => artifactFault(input) ?? "",
  ),
);

/** Upstream's writers say NONE where there is nothing to say. */
const Optional = v.nullish(
  v.pipe(
    v.string(),
    v.trim(),
    v.transform((text) => (text === "" || text.toUpperCase() === "NONE" ? null : text)),
  ),
  null,
);

const KeyedObject = v.looseObject({
  description: Text,
  semantic_ac_key: v.nullish(Words, null),
  verify_command: Optional,
  expected_artifacts: v.nullish(
    v.pipe(v.array(Artifact), v.maxLength(MAX_ARTIFACTS, `name at most ${MAX_ARTIFACTS} files`)),
    [],
  ),
  output_assertion: Optional,
  verify_exemption_reason: Optional,
  investment: v.nullish(Investment, null),
  depends_on: v.nullish(v.array(Text), []),
});

/** One criterion, as text or as an object under any of upstream's names. */
export const CriterionShape = lifted(
  "description",
  { description: ["criterion", "content"], verify_command: ["verify"] },
  v.pipe(
    KeyedObject,
    v.forward(
      v.check(
        ({ output_assertion, verify_command }) => output_assertion === null || verify_command !== null,
        "write a verify_command too: it is that command's output this is about",
      ),
      ["output_assertion"],
    ),
  ),
);
export type CriterionShape = v.InferOutput<typeof CriterionShape>;
