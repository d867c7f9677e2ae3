/**
 * A request's own logger, made when it has something to say: most have not where the level is
 * `warn` or above. Fastify's `childLoggerFactory` is no place for it: of what that makes each
 * method is looked for, request by request, which costs as much as is saved.
 */
import type { FastifyBaseLogger, FastifyInstance } from 'fastify';
import type { ChildLoggerOptions, Logger } from 'pino';

type Make = (this: Logger, bindings: object, options?: ChildLoggerOptions) => FastifyBaseLogger;

const levels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const;

/** Makes the loggers of `app`'s requests be made by the first of their lines that is written. */
export function useLateLoggers(app: FastifyInstance): void {
  const log = app.log as Logger;
  const makeChild = log.child as unknown as Make;
  log.child = function child(this: Logger, bindings: object, options?: ChildLoggerOptions) {
    // Children inherit this method. One of another level has to tell what it writes by itself.
    if (this !== log || options?.level !== undefined) {
      return makeChild.call(this, bindings, options);
    }
    return new LateLogger(log, () => makeChild.call(log, bindings, options));
  } as unknown as Logger['child'];
}

class LateLogger {
  readonly #parent: Logger;
  readonly #make: () => FastifyBaseLogger;
  #made: FastifyBaseLogger | undefined;

  constructor(parent: Logger, make: () => FastifyBaseLogger) {
    this.#parent = parent;
    this.#make = make;
  }

  get level(): string {
    return this.#parent.level;
  }

  child(...given: Parameters<FastifyBaseLogger['child']>): FastifyBaseLogger {
    return this.#own().child(...given);
  }

  silent(): void {}

  static {
    for (const level of levels) {
      const write = function (this: LateLogger, ...line: [object]) {
        if (this.#parent.isLevelEnabled(level)) this.#own()[level](...line);
      };
      Object.defineProperty(LateLogger.prototype, level, { value: write });
    }
  }

  #own(): FastifyBaseLogger {
    this.#made ??= this.#make();
    return this.#made;
  }
}
