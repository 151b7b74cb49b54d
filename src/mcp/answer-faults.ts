import { Ajv, addFormats } from "@modelcontextprotocol/server/validators/ajv";

/** What a fault of a JSON Schema validator says, as far as it is used here. */
interface Fault {
  readonly instancePath: string;
  readonly message?: string | undefined;
  readonly keyword: string;
  readonly params: Readonly<Record<string, unknown>>;
}

const MOST_FAULTS = 20;

/**
 * What is wrong with an answer, by path; empty when it fits. The validator is the one that the protocol's own SDK carries,
 * so it costs no dependency and runs wherever the server does; orders keep JSON Schemas, which outlive the code that asked.
 */
export function answerFaults(schema: Readonly<Record<string, unknown>>, answer: unknown): string[] {
  const validate = validatorOf(schema);
  if (validate(answer)) return [];
  const faults = (validate.errors ?? []).map(describe);
  return [...new Set(faults)].slice(0, MOST_FAULTS);
}

const kept = new Map<string, ReturnType<InstanceType<typeof Ajv>["compile"]>>();
const MOST_KEPT = 8;

/** Compiling takes tens of milliseconds, and every turn of an interview comes with the same schema. */
function validatorOf(schema: Readonly<Record<string, unknown>>) {
  const key = JSON.stringify(schema);
  const known = kept.get(key);
  if (known) return known;
  const ajv = new Ajv({ strict: false, allErrors: true, validateSchema: false });
  addFormats(ajv);
  const validate = ajv.compile(schema);
  if (kept.size >= MOST_KEPT) kept.clear();
  kept.set(key, validate);
  return validate;
}

function describe({ instancePath, message = "does not fit", keyword, params }: Fault): string {
  const path = instancePath.split("/").slice(1).map(unescapePointer).join(".") || "result";
  switch (keyword) {
    case "enum":
    case "const": {
      const allowed = keyword === "enum" ? params.allowedValues : [params.allowedValue];
      return `${path}: ${message}: ${JSON.stringify(allowed)}`;
    }
    case "additionalProperties":
      return `${path}: ${message}: ${JSON.stringify(params.additionalProperty)}`;
    default:
      return `${path}: ${message}`;
  }
}

function unescapePointer(part: string): string {
  return part.replaceAll("~1", "/").replaceAll("~0", "~");
}
