/** Bodies: JSON in UTF-8, taken as sent. Nothing is inflated, converted or repaired. */
import { isUtf8 } from 'node:buffer';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { sendProblem } from './errors.ts';
import { JsonFault } from './json-scanner.ts';
import { parseStrictJson } from './strict-json.ts';

/** Makes `app` read `application/json` strictly and refuse every other body unread. */
export function useStrictJson(app: FastifyInstance): void {
  // Fastify's own take a text body for a JSON string, and bad UTF-8 for U+FFFD.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    'application/json',
    { parseAs: 'buffer' },
    (_request, body: Buffer, done) => {
      let value: unknown;
      try {
        value = readJson(body);
      } catch (fault) {
        return done(fault as JsonFault);
      }
      done(null, value);
    },
  );
  app.addHook('onRequest', refuseEncoded);
}

/** The value that a body stands for; throws `JsonFault`. */
export function readJson(body: Buffer): unknown {
  if (body.length === 0) throw new JsonFault('is empty', '');
  if (!isUtf8(body)) throw new JsonFault('is not UTF-8', '');
  const text = body.toString('utf8');
  if (text.startsWith('\ufeff')) throw new JsonFault('begins with a byte order mark', '');
  return parseStrictJson(text);
}

// A small body that inflates to a large one is refused before it is read (RFC 9110, 15.5.16).
function refuseEncoded(request: FastifyRequest, reply: FastifyReply, done: () => void): void {
  const { 'content-encoding': coding, 'content-type': type } = request.headers;
  const charset =
    type === 'application/json' ? undefined : type?.match(/;\s*charset\s*=\s*"?([^\s;"]*)/i)?.[1];
  if (coding !== undefined && coding.toLowerCase() !== 'identity') {
    reply.header('accept-encoding', 'identity');
    unsupported(request, reply, 'bodies are taken as they are, without a content coding');
  } else if (charset !== undefined && charset.toLowerCase() !== 'utf-8') {
    unsupported(request, reply, 'bodies are in UTF-8');
  } else done();
}

function unsupported(request: FastifyRequest, reply: FastifyReply, detail: string): void {
  // What of the body is still under way is not waited for.
  reply.header('connection', 'close');
  sendProblem(request, reply, { status: 415, code: 'unsupported-media-type', detail });
}
