/** What the process ends with: 0 all is well, 1 findings, 2 asked for wrongly, 3 unavailable. */
import { CommanderError } from 'commander';
import { ConfigInvalid } from '../config.ts';
import { reasonOf } from '../relay/reason.ts';

/** The command was asked for what cannot be; the message says why. */
export class UsageError extends Error {}

/** The exit code for what a command threw, once it has been said on stderr. */
export function reportError(error: unknown): number {
  // Commander has said it by itself; asking for help is no error.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  process.stderr.write(`frontlog: ${reasonOf(error)}\n`);
  return error instanceof UsageError || error instanceof ConfigInvalid ? 2 : 3;
}
