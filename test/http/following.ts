/** A client of Server-Sent Events, as the standard has it (WHATWG HTML, 9.2.6). */
import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';

export type Message = { id: number; event: string; data: { position: number; type?: string } };

export type Following = {
  readonly messages: Message[];
  /** What `Last-Event-ID` is to be. */
  lastId(): string | undefined;
  /** Resolves once a message is as wanted; rejects where the stream ends before. */
  until(isIt: (message: Message) => boolean): Promise<void>;
  readonly ended: Promise<void>;
  readonly response: IncomingMessage;
  close(): void;
};

/** Follows a stream; after `lastId` where it is given. */
export async function follow(url: string, lastId?: string): Promise<Following> {
  const headers = {
    accept: 'text/event-stream',
    ...(lastId !== undefined && { 'last-event-id': lastId }),
  };
  const request = get(url, { headers, agent: false });
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  if (response.statusCode !== 200) throw new Error(`${url}: ${response.statusCode}`);
  const messages: Message[] = [];
  const waiting = new Set<() => void>();
  let last = lastId;
  let isOver = false;
  let rest = '';
  response.setEncoding('utf8').on('data', (text: string) => {
    const blocks = (rest + text).split('\n\n');
    rest = blocks.pop() as string;
    for (const block of blocks) {
      const fields = new Map(
        block
          .split('\n')
          .filter((line) => !line.startsWith(':'))
          .map((line) => line.split(/: ?(.*)/s) as [string, string]),
      );
      last = fields.get('id') ?? last;
      const data = fields.get('data');
      if (data === undefined) continue;
      const event = fields.get('event') ?? 'message';
      messages.push({ id: Number(last), event, data: JSON.parse(data) });
    }
    for (const wake of waiting) wake();
  });
  const ended = new Promise<void>((resolve) => {
    response
      .on('error', () => undefined)
      .on('close', () => {
        isOver = true;
        for (const wake of waiting) wake();
        resolve();
      });
  });
  return {
    messages,
    ended,
    response,
    lastId: () => last,
    until: (isIt) =>
      new Promise((resolve, reject) => {
        const look = () => {
          const isThere = messages.some(isIt);
          if (!isThere && !isOver) return;
          waiting.delete(look);
          if (isThere) resolve();
          else reject(new Error('the stream has ended'));
        };
        waiting.add(look);
        look();
      }),
    close: () => request.destroy(),
  };
}
