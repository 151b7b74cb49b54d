// A host that can be killed: starts the given program on its own pipes, names its pid on stderr, and waits.
import { spawn } from "node:child_process";

const [, , program = "", ...args] = process.argv;
const server = spawn(program, args, { stdio: "inherit" });
process.stderr.write(`${server.pid}\n`);
