/** The end of the server: what is under way is answered, and no connection holds it up after. */
import type { FastifyInstance } from 'fastify';

const sweepIntervalMs = 50;
/** Who takes longer to ask, or to take the answer, is cut off. */
const finishMsMax = 7_000;

/**
 * Makes `app`, once it closes, let go of each connection as soon as it is idle. The server itself
 * does so once, when it stops listening: those that are answered a moment later it would keep
 * alive, and wait for.
 */
export function useClosing(app: FastifyInstance): void {
  const timers: NodeJS.Timeout[] = [];
  app.addHook('preClose', async () => {
    timers.push(
      setInterval(() => app.server.closeIdleConnections(), sweepIntervalMs),
      setTimeout(() => app.server.closeAllConnections(), finishMsMax),
    );
  });
  app.addHook('onClose', async () => {
    for (const timer of timers) clearTimeout(timer);
  });
}
