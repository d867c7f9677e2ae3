/** A stream of JSON lines, read no faster than it is worked off, in chunks of bounded size. */
import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { TooLarge } from '../eventstore/event-store.ts';
import { JsonFault } from './json-scanner.ts';
import type { ProblemMembers } from './problem.ts';
import { parseStrictJson } from './strict-json.ts';

/** How many lines are decided and appended together. */
export const chunkLinesMax = 500;
const chunkLengthMax = 1024 * 1024;
const lineLengthMax = 1024 * 1024;

/** A line, numbered from 1: what it holds, or why it holds nothing. */
export type EventLine = { readonly line: number } & (
  | { readonly event: unknown }
  | { readonly problem: ProblemMembers }
);

/**
 * Chunks of up to `linesMax` lines; empty ones are passed over. Throws where the stream cannot
 * go on: a line too long to be held, or bytes that are not UTF-8.
 */
export async function* eventLines(
  body: Readable,
  linesMax = chunkLinesMax,
): AsyncGenerator<EventLine[]> {
  let line = 0;
  let chunk: EventLine[] = [];
  let length = 0;
  for await (const text of textLines(body)) {
    line += 1;
    if (text.trim() === '') continue;
    chunk.push(parsed(line, text));
    length += text.length;
    if (chunk.length < linesMax && length < chunkLengthMax) continue;
    yield chunk;
    chunk = [];
    length = 0;
  }
  if (chunk.length > 0) yield chunk;
}

/** Of a stream that was stopped the rest is not read: its connection ends with the answer. */
export function letGoOf(request: IncomingMessage): void {
  if (!request.complete) request.socket.destroySoon();
  else request.resume();
}

async function* textLines(body: Readable): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let rest = '';
  // Not destroyed where reading stops: the answer goes out on the same connection.
  for await (const bytes of body.iterator({ destroyOnReturn: false })) {
    rest += decode(decoder, bytes as Buffer, true);
    const lines = rest.split('\n');
    rest = lines.pop() as string;
    yield* lines;
    if (rest.length > lineLengthMax) {
      throw new TooLarge(`a line has at most ${lineLengthMax} characters`);
    }
  }
  yield rest + decode(decoder, new Uint8Array(), false);
}

function decode(
  decoder: InstanceType<typeof TextDecoder>,
  bytes: Uint8Array,
  stream: boolean,
): string {
  try {
    return decoder.decode(bytes, { stream });
  } catch {
    throw Object.assign(new Error('the stream is not UTF-8'), { statusCode: 400 });
  }
}

function parsed(line: number, text: string): EventLine {
  if (text.length > lineLengthMax) {
    const detail = `a line has at most ${lineLengthMax} characters`;
    return { line, problem: { status: 413, code: 'too-large', detail } };
  }
  try {
    return { line, event: parseStrictJson(text) };
  } catch (error) {
    if (!(error instanceof JsonFault)) throw error;
    const { pointer, message } = error;
    const errors = [{ pointer, detail: message }];
    const detail = `the line ${pointer === '' ? message : 'is not JSON to record'}`;
    return { line, problem: { status: 400, code: 'malformed', detail, errors } };
  }
}
