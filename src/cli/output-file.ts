/** Files that a command is told to write. */
import { openSync } from 'node:fs';
import { UsageError } from './exit.ts';

/** Opens it, empty; throws `UsageError` with the name of the option where that cannot be. */
export function openOutput(option: string, path: string): number {
  try {
    return openSync(path, 'w');
  } catch (error) {
    throw new UsageError(`${option}: ${(error as Error).message}`);
  }
}
