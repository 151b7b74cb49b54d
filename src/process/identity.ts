import { readFileSync, readlinkSync } from "node:fs";
import { readCommandOutput } from "./command-output.ts";
import { isProcOurs, readStartTicks } from "./start-ticks.ts";

/** Names one process among all machines and boots. A null is "unknown", which never proves anything. */
export interface ProcessIdentity {
  machine: string | null;
  boot: string | null;
  pid_namespace: string | null;
  pid: number;
  start_ticks: string | null;
}

let own: Readonly<ProcessIdentity> | undefined;

/** Who this process is; asked of the system once, at the first call. */
export function ownIdentity(): ProcessIdentity {
  own ??= readOwnIdentity();
  return { ...own };
}

function readOwnIdentity(): ProcessIdentity {
  const { pid } = process;
  const start_ticks = readStartTicks(pid);
  switch (process.platform) {
    case "linux":
      return {
        machine: readLinuxMachine(),
        boot: readFact("/proc/sys/kernel/random/boot_id"),
        pid_namespace: isProcOurs() ? readLink("/proc/self/ns/pid") : null,
        pid,
        start_ticks,
      };
    case "darwin":
      return { machine: readMacMachine(), boot: readMacBoot(), pid_namespace: NO_NAMESPACES, pid, start_ticks };
    case "win32":
      return {
        machine: readRegistry("HKLM\\SOFTWARE\\Microsoft\\Cryptography", "MachineGuid"),
        boot: readWindowsBoot(),
        pid_namespace: NO_NAMESPACES,
        pid,
        start_ticks,
      };
    default:
      return { machine: null, boot: null, pid_namespace: null, pid, start_ticks };
  }
}

// macOS and Windows number all processes in one space: that is known, so it must not read as unknown.
const NO_NAMESPACES = "none";

function readLinuxMachine(): string | null {
  return readMachineFile("/etc/machine-id") ?? readMachineFile("/var/lib/dbus/machine-id");
}

function readMachineFile(path: string): string | null {
  const id = readFact(path);
  return id === "uninitialized" ? null : id;
}

function readMacMachine(): string | null {
  const output = readCommandOutput("/usr/sbin/ioreg", ["-rd1", "-c", "IOPlatformExpertDevice"]);
  return /"IOPlatformUUID"\s*=\s*"([^"]+)"/.exec(output ?? "")?.[1] ?? null;
}

function readMacBoot(): string | null {
  return readCommandOutput("/usr/sbin/sysctl", ["-n", "kern.bootsessionuuid"]);
}

function readWindowsBoot(): string | null {
  // Windows moves LastBootUpTime along when its clock is set, and another boot means dead: the kernel's boot counter
  // cannot be moved. Where the prefetcher does not count, boots look alike and the exact start time still decides.
  return readRegistry(
    "HKLM\\SYSTEM\\CurrentControlSet\\Control\\Session Manager\\Memory Management\\PrefetchParameters",
    "BootId",
  );
}

function readRegistry(key: string, value: string): string | null {
  const output = readCommandOutput("reg.exe", ["query", key, "/v", value]);
  return /REG_\w+\s+(\S+)/.exec(output ?? "")?.[1] ?? null;
}

function readFact(path: string): string | null {
  try {
    const text = readFileSync(path, "utf8").trim();
    return text === "" ? null : text;
  } catch {
    return null; // A missing or unreadable fact is unknown.
  }
}

function readLink(path: string): string | null {
  try {
    return readlinkSync(path);
  } catch {
    return null; // As above.
  }
}
