import { type ExecFileException, execFile, type SpawnOptions } from 'node:child_process';

/** A program to run, with its arguments and as whom, in which place. */
export type Command = {
  readonly file: string;
  readonly args: readonly string[];
  readonly options: Pick<SpawnOptions, 'uid' | 'gid' | 'cwd' | 'env'>;
};

const OUTPUT_MAX_BYTES = 16 * 1024 * 1024;
const QUOTED_LINES_MAX = 6;

/**
 * Runs a command to its end and returns its output, stdout first. Throws, with the last lines of
 * the output, if it fails, and ends it if `signal` aborts. An unknown program throws ENOENT.
 */
export function runCommand(command: Command, signal: AbortSignal): Promise<string> {
  const options = { ...command.options, signal, maxBuffer: OUTPUT_MAX_BYTES };
  return new Promise((resolve, reject) => {
    execFile(command.file, command.args, options, (error, stdout, stderr) => {
      if (error === null) resolve(`${stdout}${stderr}`);
      else reject(failure(command, error, `${stdout}\n${stderr}`));
    });
  });
}

function failure(command: Command, error: ExecFileException, output: string): Error {
  const lines = output.trim().split('\n').slice(-QUOTED_LINES_MAX).join('\n');
  const how = typeof error.code === 'number' ? `ended with ${error.code}` : error.message;
  const fault = new Error(`${command.file} ${how}: ${lines}`, { cause: error });
  return typeof error.code === 'string' ? Object.assign(fault, { code: error.code }) : fault;
}
