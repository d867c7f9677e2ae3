/** How much memory a command may take that reads for long. */
import { setFlagsFromString } from 'node:v8';

/**
 * V8 lets garbage grow to 400 MB before it looks for it, which a machine beside a database may not
 * have; sooner, an import of any length stays below 200 MB, and costs a third more time of the CPU.
 * To be called before the command is loaded: what the heap has grown to by then it keeps.
 */
export function collectGarbageSoon(): void {
  for (const flag of ['--semi-space-growth-factor=1', '--heap-growing-percent=15']) {
    setFlagsFromString(flag);
  }
}
