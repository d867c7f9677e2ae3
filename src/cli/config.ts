/** `frontlog config`: every setting as it counts here, without what is secret. */
import { readConfig, settingsOf } from '../config.ts';

/** Settings that cannot be are all named at once, and end it with 2. */
export async function runConfig({ json }: { json?: boolean }): Promise<void> {
  const settings = settingsOf(readConfig(process.env));
  const lines = Object.entries(settings).map(([name, value]) =>
    value === null ? `# ${name}=` : `${name}=${value}`,
  );
  process.stdout.write(json ? `${JSON.stringify(settings)}\n` : `${lines.join('\n')}\n`);
}
