#!/usr/bin/env node
/** The process: one command line, from which each command takes what it needs. */
import { Command } from 'commander';
import { runDemo } from './cli/demo.ts';
import { runDlqDrop, runDlqList, runDlqReplay } from './cli/dlq.ts';
import { reportError } from './cli/exit.ts';
import { runKeysCreate, runKeysList, runKeysRevoke } from './cli/keys.ts';
import { runMigrate } from './cli/migrate.ts';
import { runRebuild } from './cli/rebuild.ts';
import { runReplayCommand } from './cli/replay.ts';
import { runStart } from './cli/start.ts';
import { runStatus } from './cli/status.ts';
import { runTopicsInit, runTopicsRecreate } from './cli/topics.ts';

const program = new Command('frontlog')
  .description('An event-sourced record of the claims and acts of a war.')
  // Else Commander would end the process by itself, and with 1.
  .exitOverride();
program.command('start').description('serve the API, relay and project').action(runStart);
program.command('demo').description('start, and record the seed report').action(runDemo);
program.command('migrate').description('bring the database up to date').action(runMigrate);
program
  .command('status')
  .description('how far log, relay and projections are; ends with 1 where something does not move')
  .option('--json', 'answer with JSON')
  .action(runStatus);
const topics = program.command('topics').description('Kafka topics');
topics
  .command('init')
  .description('create the topics that are missing, set right what is set wrongly')
  .option('--partitions <count>', 'of a topic it makes; fixed for good by the first relay')
  .action(runTopicsInit);
topics
  .command('recreate')
  .description('delete the topics, so that the whole log is relayed anew')
  .option('--yes', 'needed, as every message is deleted')
  .action(runTopicsRecreate);
const json = ['--json', 'answer with JSON'] as const;
program
  .command('rebuild [projection]')
  .description('build a projection anew beside the one that answers, compare, swap')
  .option('--all', 'every projection, on one way through the log')
  .option('--rate <events>', 'at most so many events a second')
  .option('--cancel', 'give up the rebuild that is under way')
  .option(...json)
  .action(runRebuild);
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
  .action(runReplayCommand);
const dlq = program.command('dlq').description('what a read site could not take from the topic');
dlq
  .command('list')
  .description('each, where it was, and why; ends with 1 where one is open')
  .option('--all', 'also those that were replayed or dropped')
  .option(...json)
  .action(runDlqList);
dlq
  .command('replay [ids...]')
  .description('try all that are open again, or these')
  .option('--unchecked', 'take whatever is an event, also what this release does not understand')
  .option(...json)
  .action(runDlqReplay);
dlq
  .command('drop <ids...>')
  .description('close those that nothing waits for')
  .option(...json)
  .action(runDlqDrop);
const keys = program.command('keys').description('API keys');
keys
  .command('create')
  .description('make a key, which is shown once')
  .requiredOption('--name <name>', 'whose key it is')
  .requiredOption('--scopes <list>', 'what it may do: of read, write, import, ops')
  .option(...json)
  .action(runKeysCreate);
keys
  .command('list')
  .description('every key there ever was')
  .option(...json)
  .action(runKeysList);
keys
  .command('revoke <id>')
  .description('end a key; it is refused within two seconds')
  .option(...json)
  .action(runKeysRevoke);

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = reportError(error);
}
