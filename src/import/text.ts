/** A file's bytes as text of the encoding that it is said to be in, and nothing else. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';

/** The file is not what it is said to be, or cannot be read to its end; the message says where. */
export class FileUnreadable extends Error {}

/** How bytes become text, anew for each reading. */
export type Decoder = {
  readonly encoding: string;
  readonly make: () => InstanceType<typeof TextDecoder>;
};

/** The decoder of an encoding by its WHATWG label, which takes no byte that is not of it. */
export function decoderFor(encoding: string): Decoder {
  const make = () => new TextDecoder(encoding, { fatal: true });
  try {
    make();
  } catch {
    throw new FileUnreadable(`there is no encoding ${encoding}; windows-1251 is one`);
  }
  return { encoding, make };
}

/** A file's text in parts, without a byte order mark. */
export async function* textOf(path: string, { encoding, make }: Decoder): AsyncGenerator<string> {
  const decoder = make();
  let bytes = 0;
  try {
    for await (const part of createReadStream(path)) {
      yield decoder.decode(part as Buffer, { stream: true });
      bytes += (part as Buffer).length;
    }
    yield decoder.decode();
  } catch (error) {
    if ((error as { code?: string }).code !== 'ERR_ENCODING_INVALID_ENCODED_DATA') throw error;
    throw new FileUnreadable(
      `after byte ${bytes} it is not ${encoding}: give its encoding, such as windows-1251`,
    );
  }
}

/** Of a file's bytes, in hex. */
export async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const part of createReadStream(path)) hash.update(part as Buffer);
  return hash.digest('hex');
}
