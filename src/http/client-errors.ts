/** What fails before there is a request to answer: a problem too, written to the socket. */
import { randomUUID } from 'node:crypto';
import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { requestId, safetyHeaders } from './admission.ts';
import { type ProblemMembers, problemText, problemType } from './problem.ts';

// Closed at once, a socket with unread input resets the connection, and the answer is lost.
const lingerMs = 1_000;

type ClientError = { code: string; rawPacket: unknown };

/** Answers what Node's HTTP parser, or its timeouts, gave up. */
export function answerClientError(error: ClientError, socket: Socket): void {
  // Whose answer has begun cannot be told anything else.
  const { _httpMessage: begun } = socket as { _httpMessage?: ServerResponse };
  if (error.code === 'ECONNRESET' || begun?.headersSent) socket.destroy();
  if (!socket.writable) return;
  const members = membersOf(error);
  const id = randomUUID();
  const text = problemText(members, id, '/');
  const headers = Object.entries({
    ...headersOf(text, id),
    date: new Date().toUTCString(),
    connection: 'close',
  }).map(([name, value]) => `${name}: ${value}\r\n`);
  const { status } = members;
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${headers.join('')}\r\n${text}`);
  setTimeout(() => socket.destroy(), lingerMs).unref();
}

/** Answers an `Expect` other than `100-continue`, to which Node says no without a body. */
export function answerExpectation(request: IncomingMessage, response: ServerResponse): void {
  const id = requestId(request);
  const detail = 'only 100-continue can be expected';
  const text = problemText({ status: 417, code: 'expectation-failed', detail }, id, '/');
  response.writeHead(417, { ...headersOf(text, id), connection: 'close' }).end(text);
}

function headersOf(text: string, id: string): Record<string, string | number> {
  return {
    ...safetyHeaders,
    'content-type': problemType,
    'content-length': Buffer.byteLength(text),
    'cache-control': 'no-store',
    'x-request-id': id,
  };
}

function membersOf({ code, rawPacket }: ClientError): ProblemMembers {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') {
    const detail = 'the request did not arrive in time';
    return { status: 408, code: 'request-timeout', detail };
  }
  if (code === 'HPE_HEADER_OVERFLOW') {
    // The parser counts the request line among the headers.
    const isLineLong = /^[A-Z-]+ [^\r\n]*$/.test(String(rawPacket));
    return isLineLong
      ? { status: 414, code: 'uri-too-long', detail: 'the URL is too long' }
      : { status: 431, code: 'headers-too-large', detail: 'the headers are too large' };
  }
  return { status: 400, code: 'malformed', detail: 'this is not HTTP/1.1' };
}
