/** Where V8's way with memory does not suit: commands that read for long, and those that serve. */
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

/**
 * What a process has compiled it keeps while it is idle. V8 else looks for garbage then as if
 * memory were short, and drops the shapes of objects of which there are none at that moment, as of
 * a request, and with them the code that was compiled for them: an append cost 211 us of the CPU
 * after ten idle seconds, where it had been 126, and it took some 20,000 appends to be that again.
 * Kept are only the shapes that compiled code is for.
 */
export function keepCompiledCode(): void {
  for (const flag of ['--no-memory-reducer-favors-memory', '--retain-maps-for-n-gc=1000000']) {
    setFlagsFromString(flag);
  }
}
