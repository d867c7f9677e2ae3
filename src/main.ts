#!/usr/bin/env node
/** The process: one command line, from which each command takes what it needs. */
import { Command } from 'commander';
import { runDemo } from './cli/demo.ts';
import { runMigrate } from './cli/migrate.ts';
import { runStart } from './cli/start.ts';
import { runTopicsInit } from './cli/topics.ts';

const exitUnavailable = 3;

const program = new Command('frontlog').description(
  'An event-sourced record of the claims and acts of a war.',
);
program.command('start').description('serve the API, relay and project').action(runStart);
program.command('demo').description('start, and record the seed report').action(runDemo);
program.command('migrate').description('bring the database up to date').action(runMigrate);
program
  .command('topics')
  .description('Kafka topics')
  .command('init')
  .description('create the topics that are missing')
  .action(runTopicsInit);

try {
  await program.parseAsync();
} catch (error) {
  process.stderr.write(`frontlog: ${(error as Error).message}\n`);
  process.exitCode = exitUnavailable;
}
