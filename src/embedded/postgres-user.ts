import { chown, stat } from 'node:fs/promises';
import { platform } from 'node:os';
import { type Command, runCommand } from './command.ts';

/** Makes a command one that is run as the user PostgreSQL runs as. */
export type Launch = (file: string, args: readonly string[]) => Command;

type User = { readonly uid: number; readonly gid: number };

const NAME = 'postgres';

// The server finds everything by its arguments; PGDATA, PGPORT and the like must not reach it.
const ENVIRONMENT = { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC' };

/**
 * PostgreSQL refuses to run as root. For root this answers the owner of `directory` or, when that
 * is root itself, the user `postgres`, created if there is none; for anyone else undefined: as is.
 */
export async function postgresUser(
  directory: string,
  signal: AbortSignal,
): Promise<User | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const owner = await stat(directory).catch(() => undefined);
  if (owner !== undefined && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid };
  return (await findUser(signal)) ?? (await createUser(signal));
}

/** Gives a file or directory to the user PostgreSQL runs as. */
export async function giveTo(user: User | undefined, path: string): Promise<void> {
  if (user !== undefined) await chown(path, user.uid, user.gid);
}

/**
 * How to run `program` as that user in `directory`. Below a directory the user may not enter, as
 * /root usually is, it is given the capability to pass (and no other); where that is not possible
 * this throws an error that says what to change.
 */
export async function postgresLaunch(
  user: User | undefined,
  directory: string,
  program: string,
  signal: AbortSignal,
): Promise<Launch> {
  const candidates = user === undefined ? [asIs] : [asUser(user), ...passing(user)];
  const faults: string[] = [];
  for (const launch of candidates) {
    const probe = launch('/bin/sh', ['-c', 'cd "$0" && "$1" --version', directory, program]);
    const fault = await runCommand(probe, signal).then(() => undefined, String);
    if (fault === undefined) return launch;
    faults.push(fault);
  }
  throw new Error(unreachable(user, directory, program, faults[0]));
}

const asIs: Launch = (file, args) => ({ file, args, options: { cwd: '/', env: ENVIRONMENT } });

function asUser(user: User): Launch {
  return (file, args) => ({ file, args, options: { ...user, cwd: '/', env: ENVIRONMENT } });
}

// Docker gives root the second of these capabilities but not the first, which would be enough.
// no_setuid_fixup: access(2), by which PostgreSQL looks for itself, would else ignore them.
function passing({ uid, gid }: User): Launch[] {
  if (platform() !== 'linux') return [];
  return ['dac_read_search', 'dac_override'].map((capability) => {
    const who = [`--reuid=${uid}`, `--regid=${gid}`, '--clear-groups'];
    const may = ['--securebits=+no_setuid_fixup', `--bounding-set=-all,+${capability}`];
    may.push(`--inh-caps=-all,+${capability}`, `--ambient-caps=-all,+${capability}`);
    return (file, args) => asIs('setpriv', [...who, ...may, file, ...args]);
  });
}

async function findUser(signal: AbortSignal): Promise<User | undefined> {
  const ids = ['-u', '-g'].map((flag) => runCommand(asIs('id', [flag, NAME]), signal).then(Number));
  const [uid, gid] = await Promise.all(ids).catch(() => []);
  return uid === undefined || gid === undefined ? undefined : { uid, gid };
}

async function createUser(signal: AbortSignal): Promise<User> {
  const args = ['--system', '--user-group', '--no-create-home', '--shell', '/bin/false', NAME];
  const fault = await runCommand(asIs('useradd', args), signal).then(() => '', String);
  // Another keeper may have created it at the same time: then useradd failed and yet it is there.
  const user = await findUser(signal);
  if (user !== undefined) return user;
  throw new Error(
    `PostgreSQL does not run as root, and the user ${NAME} could not be created (${fault}). ` +
      `Create a user named ${NAME}, or start frontlog as another user than root.`,
  );
}

function unreachable(
  user: User | undefined,
  directory: string,
  program: string,
  fault: string | undefined,
): string {
  if (user === undefined) return `PostgreSQL cannot be run here: ${fault}`;
  return (
    `PostgreSQL does not run as root but as the user with uid ${user.uid}, who may not enter ` +
    `${directory} or not run ${program} (${fault}). Set DATA_DIR to, and install frontlog in, a ` +
    'directory every user may enter (chmod o+x on those above), or start it as another user.'
  );
}
