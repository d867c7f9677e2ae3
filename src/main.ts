#!/usr/bin/env -S node --disable-warning=TimeoutNegativeWarning
/**
 * The process: one command line. What a command needs is loaded when it is asked for, so that an
 * import takes no memory for the server.
 */
import { Command } from 'commander';
import { reportError } from './cli/exit.ts';
import { collectGarbageSoon } from './cli/memory.ts';

const program = new Command('frontlog')
  .description('An event-sourced record of the claims and acts of a war.')
  // Else Commander would end the process by itself, and with 1.
  .exitOverride();
program
  .command('start')
  .description('serve the API, relay and project')
  .action(async () => (await import('./cli/start.ts')).runStart());
program
  .command('demo')
  .description('start, and record the seed report')
  .action(async () => (await import('./cli/demo.ts')).runDemo());
const json = ['--json', 'answer with JSON'] as const;
program
  .command('config')
  .description('every setting as it counts, without what is secret; all faults named at once')
  .option(...json)
  .action(async (options) => (await import('./cli/config.ts')).runConfig(options));
program
  .command('migrate')
  .description('bring the database up to date')
  .option(...json)
  .action(async (options) => (await import('./cli/migrate.ts')).runMigrate(options));
program
  .command('status')
  .description('how far log, relay and projections are; ends with 1 where something does not move')
  .option(...json)
  .action(async (options) => (await import('./cli/status.ts')).runStatus(options));
const topics = program.command('topics').description('Kafka topics');
topics
  .command('init')
  .description('create the topics that are missing, set right what is set wrongly')
  .option('--partitions <count>', 'of a topic it makes; fixed for good by the first relay')
  .option(...json)
  .action(async (options) => (await import('./cli/topics.ts')).runTopicsInit(options));
topics
  .command('recreate')
  .description('delete the topics, so that the whole log is relayed anew')
  .option('--yes', 'needed, as every message is deleted')
  .option(...json)
  .action(async (options) => (await import('./cli/topics.ts')).runTopicsRecreate(options));
program
  .command('rebuild [projection]')
  .description('build a projection anew beside the one that answers, compare, swap')
  .option('--all', 'every projection, on one way through the log')
  .option('--rate <events>', 'at most so many events a second')
  .option('--cancel', 'give up the rebuild that is under way')
  .option(...json)
  .action(async (name, options) => (await import('./cli/rebuild.ts')).runRebuild(name, options));
program
  .command('verify')
  .description('read the whole log and tell whether all is as it was recorded')
  .option(
    '--head <file>',
    'a note of GET /v1/log/head that was kept: what it is of has to be there',
  )
  .option('--key <file>', 'whose notes are believed: its verifier_key, or a public key in PEM')
  .option(...json)
  .action(async (options) => (await import('./cli/verify.ts')).runVerify(options));
program
  .command('backup')
  .description('databases that were restored')
  .command('check')
  .description('whether it is whole, whether the topic is ahead of it, and what to do')
  .option(
    '--note <file>',
    'a note of GET /v1/log/head that was kept: what it is of has to be there',
  )
  .option(...json)
  .action(async (options) => (await import('./cli/backup.ts')).runBackupCheck(options));
program
  .command('import <format> <files...>')
  .description(
    'record data sets: cloudevents, ua-general-staff, orc-losses, control-revisions, acled, ' +
      'ucdp-ged',
  )
  .option('--conflict <id>', 'of all rows, where they do not say it or another is wanted')
  .option('--encoding <name>', 'of the files, if not UTF-8: windows-1251, utf-16le')
  .option('--published <date>', 'when the files were; else the last date in each')
  .option('--full', 'retract claims of an earlier file that this one has no rows of')
  .option('--full-max <percent>', 'unless they are more than so many of a hundred (10)')
  .option('--dry-run', 'decide all, record nothing')
  .option('--rejects <file>', 'write every rejected row there, with its reasons, as JSON lines')
  .option(...json)
  .action(async (format, files, options) => {
    collectGarbageSoon();
    await (await import('./cli/import.ts')).runImport(format, files, options);
  });
program
  .command('export')
  .argument(
    '[what]',
    'events (CloudEvents, for `import cloudevents`), timeline or claims',
    'events',
  )
  .description('write what is of a range of positions')
  .option('--from <position>', 'the first one', '1')
  .option('--to <position>', 'the last one; else the last there is')
  .option('--at <position>', 'of the timeline and of claims: as of which position; else the last')
  .option('--conflict <id>', 'of the timeline and of claims: of one conflict')
  .option('--format <name>', 'ndjson; of the timeline and of claims also csv, geojson', 'ndjson')
  .option('--out <file>', 'else to standard output')
  .option(...json)
  .action(async (what, options) => (await import('./cli/export.ts')).runExport(what, options));
program
  .command('replay')
  .description('publish a part of the log again, to a topic of its own')
  .option('--from <position>', 'the first')
  .option('--to <position>', 'the last')
  .option('--type <types...>', 'of these types alone')
  .option('--stream <stream>', 'of this stream alone')
  .option('--to-topic <topic>', 'absent: PREFIX.replay.ID.v1')
  .option('--resume <id>', 'go on with one that was stopped')
  .option('--cancel <id>', 'end one; what it has published stays')
  .option(...json)
  .action(async (options) => (await import('./cli/replay.ts')).runReplayCommand(options));
const dlq = program.command('dlq').description('what a read site could not take from the topic');
dlq
  .command('list')
  .description('each, where it was, and why; ends with 1 where one is open')
  .option('--all', 'also those that were replayed or dropped')
  .option(...json)
  .action(async (options) => (await import('./cli/dlq.ts')).runDlqList(options));
dlq
  .command('replay [ids...]')
  .description('try all that are open again, or these')
  .option('--unchecked', 'take whatever is an event, also what this release does not understand')
  .option(...json)
  .action(async (ids, options) => (await import('./cli/dlq.ts')).runDlqReplay(ids, options));
dlq
  .command('drop <ids...>')
  .description('close those that nothing waits for')
  .option(...json)
  .action(async (ids, options) => (await import('./cli/dlq.ts')).runDlqDrop(ids, options));
const keys = program.command('keys').description('API keys');
keys
  .command('create')
  .description('make a key, which is shown once')
  .requiredOption('--name <name>', 'whose key it is')
  .requiredOption('--scopes <list>', 'what it may do: of read, write, import, ops')
  .option(...json)
  .action(async (options) => (await import('./cli/keys.ts')).runKeysCreate(options));
keys
  .command('list')
  .description('every key there ever was')
  .option(...json)
  .action(async (options) => (await import('./cli/keys.ts')).runKeysList(options));
keys
  .command('revoke <id>')
  .description('end a key; it is refused within two seconds')
  .option(...json)
  .action(async (id, options) => (await import('./cli/keys.ts')).runKeysRevoke(id, options));

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = reportError(error);
}
