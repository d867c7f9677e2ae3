/** What a server says to bytes as they are: for what a well-behaved client cannot send. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { Test } from 'tap';

export type RawAnswer = {
  status: number;
  headers: Record<string, string>;
  body: Record<string, unknown>;
  /** The body as it was sent. */
  text: string;
};

/** A connection to the server of `url`, and what comes back over it until it ends. */
export function open(url: string): { socket: Socket; answer: Promise<RawAnswer> } {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  const chunks: Buffer[] = [];
  socket.on('data', (chunk) => chunks.push(chunk));
  // A server that has answered may reset the connection; the answer counts.
  socket.on('error', () => undefined);
  const answer = once(socket, 'close').then(() => parse(Buffer.concat(chunks).toString('latin1')));
  return { socket, answer };
}

/** Sends bytes and answers with what comes back. */
export async function send(url: string, bytes: string | Buffer): Promise<RawAnswer> {
  const { socket, answer } = open(url);
  socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes);
  return answer;
}

/** A GET of a path that may be no path; the connection ends after it. */
export function sendGet(url: string, path: string, headers = ''): Promise<RawAnswer> {
  return send(url, `GET ${path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n${headers}\r\n`);
}

type AnyAnswer = { status: number; headers: Headers | Record<string, string>; body: unknown };

/** Asserts that an answer is a problem (RFC 9457) with that status and nothing of our inside. */
export function isProblem(t: Test, answer: AnyAnswer, status: number, message = 'a problem'): void {
  const { headers, body } = answer;
  const header = (name: string) =>
    headers instanceof Headers ? headers.get(name) : (headers[name] ?? null);
  t.match(
    { status: answer.status, type: header('content-type') },
    {
      status,
      type: /^application\/problem\+json/,
    },
    message,
  );
  t.match(body, { type: /^urn:frontlog:problem:[a-z-]+$/, title: String, status, code: String });
  t.match(body, { detail: String, instance: /^\/[!-~]*$/, request_id: header('x-request-id') });
  t.match(header('x-content-type-options'), 'nosniff');
  t.notMatch(JSON.stringify(body), /node_modules|\.ts:|\.js:|FST_|stack/, message);
}

function parse(text: string): RawAnswer {
  // Interim answers, such as 100 Continue, are passed over.
  const last = text.replace(/^(HTTP\/1\.1 1\d\d [^\r]*\r\n\r\n)+/, '');
  const [head = '', body = ''] = last.split('\r\n\r\n', 2);
  const [line = '', ...lines] = head.split('\r\n');
  const headers = lines.map((one) => [
    one.slice(0, one.indexOf(':')).toLowerCase(),
    one.slice(one.indexOf(':') + 1).trim(),
  ]);
  return {
    status: Number(line.split(' ')[1]),
    headers: Object.fromEntries(headers),
    body: body.startsWith('{') ? JSON.parse(Buffer.from(body, 'latin1').toString()) : {},
    text: body,
  };
}
