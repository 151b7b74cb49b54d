import type { Readable, Writable } from "node:stream";
import {
  type JSONRPCMessage,
  parseJSONRPCMessage,
  serializeMessage,
  type Transport,
} from "@modelcontextprotocol/server";
import { delay } from "../base/delay.ts";

/** A longer line is answered with an error and skipped; memory never grows beyond it. */
export const MAX_LINE_BYTES = 4 * 1024 * 1024;
const DRAIN_MS = 500;
const NEWLINE = 0x0a;
const PARSE_ERROR = -32700;
const INVALID_REQUEST = -32600;

/**
 * Newline-delimited JSON-RPC over two streams. The SDK's own stdio transport closes the connection on a line that is too
 * long and says nothing on one that is malformed; this one answers both and lives on.
 */
export class StdioTransport implements Transport {
  onclose?: () => void;
  onerror?: (error: Error) => void;
  onmessage?: (message: JSONRPCMessage) => void;
  /** Resolves with the reason once the other side is gone. */
  readonly ended: Promise<"eof" | "epipe">;
  /** Resolves once the first answer has been handed to the operating system. */
  readonly firstAnswer: Promise<void>;
  readonly #input: Readable;
  readonly #output: Writable;
  readonly #pending = new Set<string | number>();
  #parts: Buffer[] = [];
  #bytes = 0;
  #skipping = false;
  #closed = false;
  #end: (reason: "eof" | "epipe") => void = () => undefined;
  #answered: () => void = () => undefined;

  constructor(input: Readable, output: Writable) {
    this.#input = input;
    this.#output = output;
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
    this.firstAnswer = new Promise((resolve) => {
      this.#answered = resolve;
    });
  }

  async start(): Promise<void> {
    this.#input.on("data", (chunk: Buffer) => this.#read(chunk));
    this.#input.on("end", () => void this.#drain());
    this.#input.on("close", () => void this.#drain());
    this.#input.on("error", () => void this.#drain());
    // EPIPE: nobody reads any more. It may come with any write, or later.
    this.#output.on("error", () => this.#end("epipe"));
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#input.pause();
    this.onclose?.();
  }

  send(message: JSONRPCMessage): Promise<void> {
    return new Promise((resolve) => {
      const isAnswer = "id" in message && !("method" in message);
      this.#output.write(serializeMessage(message), () => {
        if (isAnswer && message.id !== undefined && message.id !== null) this.#pending.delete(message.id);
        if (isAnswer) this.#answered();
        resolve(); // a failed write ends the connection through the stream's own error event
      });
    });
  }

  /** End of input: requests that are being answered get a moment, so that a piped script sees its answers. */
  async #drain(): Promise<void> {
    const deadline = performance.now() + DRAIN_MS;
    while (this.#pending.size > 0 && performance.now() < deadline) await delay(5);
    this.#end("eof");
  }

  #read(chunk: Buffer): void {
    let from = 0;
    for (let at = chunk.indexOf(NEWLINE, from); at >= 0; at = chunk.indexOf(NEWLINE, from)) {
      this.#keep(chunk.subarray(from, at));
      this.#line();
      from = at + 1;
    }
    this.#keep(chunk.subarray(from));
  }

  #keep(part: Buffer): void {
    if (part.length === 0 || this.#skipping) return;
    this.#parts.push(part);
    this.#bytes += part.length;
    if (this.#bytes <= MAX_LINE_BYTES) return;
    this.#refuse(
      INVALID_REQUEST,
      `A message may have at most ${MAX_LINE_BYTES} bytes: this one was skipped`,
      idIn(this.#parts),
    );
    this.#skipping = true;
    this.#forget();
  }

  #line(): void {
    const text = this.#skipping ? "" : Buffer.concat(this.#parts).toString("utf8").trim();
    this.#skipping = false;
    this.#forget();
    if (text === "") return;
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      this.#refuse(PARSE_ERROR, "A line that is not JSON was skipped", undefined);
      return;
    }
    this.#deliver(value);
  }

  #deliver(value: unknown): void {
    let message: JSONRPCMessage;
    try {
      message = parseJSONRPCMessage(value);
    } catch {
      const id = typeof value === "object" && value !== null && "id" in value ? value.id : undefined;
      this.#refuse(INVALID_REQUEST, "A message that is not JSON-RPC 2.0 was skipped", isId(id) ? id : undefined);
      return;
    }
    if ("method" in message && "id" in message && isId(message.id)) this.#pending.add(message.id);
    if ("method" in message && message.method === "notifications/cancelled") this.#cancelled(message.params);
    this.onmessage?.(message);
  }

  /** A cancelled request is never answered, so nothing waits for it. */
  #cancelled(params: unknown): void {
    const id = typeof params === "object" && params !== null && "requestId" in params ? params.requestId : undefined;
    if (isId(id)) this.#pending.delete(id);
  }

  #forget(): void {
    this.#parts = [];
    this.#bytes = 0;
  }

  #refuse(code: number, message: string, id: string | number | undefined): void {
    this.onerror?.(new Error(message));
    this.#output.write(`${JSON.stringify({ jsonrpc: "2.0", id: id ?? null, error: { code, message } })}\n`, () =>
      this.#answered(),
    );
  }
}

function isId(id: unknown): id is string | number {
  return typeof id === "string" || typeof id === "number";
}

/** The id of a request whose line was too long, as far as its first bytes tell. */
function idIn(parts: readonly Buffer[]): string | number | undefined {
  const head = Buffer.concat(parts).subarray(0, 512).toString("utf8");
  const match = /^\s*\{(?:\s*"jsonrpc"\s*:\s*"2\.0"\s*,)?\s*"id"\s*:\s*(\d+|"[^"\\]*")/.exec(head);
  return match?.[1] === undefined ? undefined : JSON.parse(match[1]);
}
