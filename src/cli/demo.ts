/**
 * `frontlog demo`: start, record the seed report through the API, print the war status, stay up.
 */
import pc from 'picocolors';
import { readConfig } from '../config.ts';
import { wordsOf } from '../domain/quantity-words.ts';
import type { WarStatus } from '../projections/war-status-view.ts';
import { namesOf } from '../relay/topics.ts';
import { conflictId, registrySteps, reportSteps, type SeedStep } from './seed-report.ts';
import { serve } from './start.ts';

type Tally = { recorded: number; known: number; position: number };

export async function runDemo(): Promise<void> {
  const config = readConfig({ LOG_LEVEL: 'warn', ...process.env });
  const service = await serve(config);
  const { url } = service;
  if (url === undefined) throw new Error('the demo needs the role api');
  const tally = await record(url, [...registrySteps, ...reportSteps]);
  const status = await readStatus(url, tally.position);
  print(describe(status));
  print(
    '',
    `${tally.recorded} events recorded, ${tally.known} commands were already on record.`,
    `  API    ${url}/v1/conflicts/${conflictId}/status`,
    `         ${url}/v1/timeline?conflict=${conflictId}`,
    `  docs   ${url}/docs`,
  );
  const found = await service.brokers;
  print(
    'brokers' in found
      ? `  topic  ${namesOf(config.kafkaPrefix).eventsTopic} on ${found.brokers.join(',')}`
      : `  topic  the relay waits: ${found.unavailable}`,
    '',
    'It stays up until Ctrl-C.',
  );
}

/** Posts each step; throws with the problem's text where one is refused. */
async function record(url: string, steps: readonly SeedStep[]): Promise<Tally> {
  const tally: Tally = { recorded: 0, known: 0, position: 0 };
  for (const { path, key, body } of steps) {
    const response = await fetch(url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'idempotency-key': key },
      body: JSON.stringify(body),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${path} was refused: ${text}`);
    const { event_ids, position } = JSON.parse(text);
    const replayed = response.headers.has('idempotency-replayed') || event_ids.length === 0;
    if (replayed) tally.known += 1;
    else tally.recorded += event_ids.length;
    tally.position = Math.max(tally.position, position);
  }
  return tally;
}

async function readStatus(url: string, position: number): Promise<WarStatus> {
  const query = `min_position=${position}&wait_ms=10000`;
  const response = await fetch(`${url}/v1/conflicts/${conflictId}/status?${query}`);
  if (!response.ok) throw new Error(`the war status was refused: ${await response.text()}`);
  return (await response.json()) as WarStatus;
}

/** The status as a person would read it: who says what, verified by whom. */
function describe(status: WarStatus): string {
  const names = new Map(
    registrySteps.map(({ body }) => {
      const { id, name } = body as { id: string; name: string };
      return [id, name];
    }),
  );
  const name = (id: string | null) => (id === null ? 'no one' : (names.get(id) ?? id));
  const verified = (word: string) => pc.yellow(`[${word.replaceAll('_', ' ')}]`);
  const lines = [
    '',
    pc.bold(`War status: ${name(status.conflict_id)}`),
    pc.dim(`as of position ${status.as_of.position}, recorded ${status.as_of.known_at}`),
    heading('Negotiation'),
    ...status.negotiations.flatMap(({ stances }) =>
      stances.map(
        (one) =>
          `${name(one.party_id)} towards ${name(one.counterpart_id)}: ` +
          `${pc.bold(one.stance.replaceAll('_', ' '))} ` +
          `(${name(one.stated_by)}, ${one.asserted_at})`,
      ),
    ),
    heading('Operations'),
    ...status.operations.map(
      (one) => `${name(one.actor_id)}: ${one.state}, ${one.goal} (${name(one.stated_by)})`,
    ),
    heading('Control'),
    ...status.control.flatMap(({ place_id, statements }) =>
      statements.map(
        (one) =>
          `${name(place_id)}: ${one.status} by ${name(one.controller_id)}, ${one.basis} by ` +
          `${name(one.claimant_id)} ${verified(one.verification)}`,
      ),
    ),
    heading('Withdrawals'),
    ...status.withdrawals.map((one) => {
      const when = (one.occurred as { from: string } | null)?.from ?? 'date unknown';
      const purpose = one.stated_purpose ?? 'no purpose stated';
      return `${name(one.actor_id)} from ${one.from.map(name).join(', ')}, ${when}: ${purpose}`;
    }),
    heading('Areas and settlements'),
    ...status.areas.map((one) => {
      const what = one.quantity.unit === '{settlement}' ? ' settlements' : '';
      return (
        `${name(one.controller_id)}: ${wordsOf(one.quantity)}${what}, says ` +
        `${name(one.claimant_id)} ${verified(one.verification)}`
      );
    }),
    heading('Casualties, by claimant'),
    ...status.casualties.flatMap(({ side_id, category, outcome, by_claimant }) =>
      by_claimant.map(
        (one) =>
          `${name(side_id)}, ${category}, ${outcome}: ${pc.bold(sumOf(one.quantity))}, says ` +
          `${name(one.claimant_id)}${assessed(one.assessments, name)}`,
      ),
    ),
  ];
  return lines.join('\n');
}

function sumOf(quantity: WarStatus['casualties'][number]['by_claimant'][number]['quantity']) {
  if ('qualifier' in quantity) return wordsOf(quantity);
  const { low, high } = quantity;
  return `${low ?? 'unknown'} to ${high ?? 'unknown'} in all`;
}

function assessed(
  assessments: readonly { assessor_id: string; verdict: string }[],
  name: (id: string) => string,
): string {
  const words = assessments.map(
    ({ assessor_id, verdict }) => `${name(assessor_id)} ${verdict.replaceAll('_', ' ')}`,
  );
  return pc.yellow(words.length > 0 ? ` [${words.join('; ')}]` : ' [unverified]');
}

function heading(text: string): string {
  return `\n${pc.bold(text)}`;
}

function print(...lines: string[]): void {
  process.stdout.write(`${lines.join('\n')}\n`);
}
