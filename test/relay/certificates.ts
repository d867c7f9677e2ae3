/** Certificates of a test's own, made by openssl. */
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import t from 'tap';

const openssl = (...args: string[]) => promisify(execFile)('openssl', args);
const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

/** Why a test that needs certificates has to be skipped; false if it can run. */
export const withoutOpenssl: string | false = await openssl('version').then(
  () => false,
  () => {
    if (process.env.CI === 'true') t.fail('openssl is missing');
    return 'openssl is missing';
  },
);

export type Authority = {
  /** Where its certificate is. */
  readonly file: string;
  /** Issues a certificate; answers where it and its key are. */
  issue(name: string, subjectAltName: string): Promise<{ certificate: string; key: string }>;
};

/** An authority named `name`, with all of its files in `directory`. */
export async function authority(directory: string, name: string): Promise<Authority> {
  const at = (file: string) => join(directory, `${name}-${file}.pem`);
  const [file, key] = [at('certificate'), at('key')];
  const subject = ['-subj', `/CN=${name}`, '-days', '2'];
  await openssl('req', '-x509', ...newKey, '-keyout', key, '-out', file, ...subject);
  return {
    file,
    async issue(whose, subjectAltName) {
      const issued = { certificate: at(`${whose}-certificate`), key: at(`${whose}-key`) };
      const [request, extensions] = [at(`${whose}-request`), at(`${whose}-extensions`)];
      await writeFile(extensions, `subjectAltName=${subjectAltName}\n`);
      const asked = ['-subj', `/CN=${whose}`, '-keyout', issued.key, '-out', request];
      await openssl('req', '-new', ...newKey, ...asked);
      const signing = ['-CA', file, '-CAkey', key, '-CAcreateserial', '-days', '2'];
      const output = ['-extfile', extensions, '-out', issued.certificate];
      await openssl('x509', '-req', '-in', request, ...signing, ...output);
      return issued;
    },
  };
}
