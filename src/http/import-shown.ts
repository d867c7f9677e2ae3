/** Imports as the API shows them. */
import { Type } from 'typebox';
import { code, orNull } from '../domain/vocabulary.ts';
import { importStates, silenceMsMax } from '../import/imports.ts';

const rowCount = (description: string) => Type.Integer({ minimum: 0, description });
const moment = (description: string) => Type.String({ format: 'date-time', description });

export const Import = Type.Object(
  {
    id: Type.String({ format: 'uuid' }),
    format: Type.String(),
    file: Type.String({ description: 'Its name, without the folder.' }),
    sha256: orNull(Type.String({ description: 'Of the file; null until all of it was read.' })),
    report_id: orNull(
      Type.String({ description: 'The report that the file is; null for CloudEvents.' }),
    ),
    encoding: Type.String(),
    conflict_id: orNull(Type.String({ description: 'Null: as the rows say.' })),
    published: orNull(
      Type.String({ format: 'date', description: 'As it was given; null: as the rows date it.' }),
    ),
    full_percent_max: orNull(
      Type.Number({
        description:
          'Claims that are no longer in the file were to end, if at most so many of a hundred. ' +
          'Null: none were.',
      }),
    ),
    run_by: Type.String({
      enum: ['command', 'service'],
      description: '`command`: a `frontlog import`.',
    }),
    principal: orNull(Type.String({ description: 'Who sent the file; null for a command.' })),
    state: {
      ...code(...importStates),
      description:
        '`interrupted`: it was to run, and nothing was heard of it for ' +
        `${silenceMsMax / 1_000} seconds, as after a kill. That and \`stopped\` go on when the ` +
        'file is imported again.',
    },
    error: orNull(Type.String({ description: 'Why it failed.' })),
    share_read: orNull(
      Type.Number({
        minimum: 0,
        maximum: 1,
        description: 'Of the file, a second ago; null while its length is not known.',
      }),
    ),
    rows_read: rowCount('Those recorded, known and rejected together.'),
    rows_recorded: rowCount('Rows that led to events.'),
    rows_known: rowCount('Rows whose content was in the log already.'),
    rows_rejected: rowCount('Rows of which something, or all, could not be recorded.'),
    rejections_kept: rowCount('How many of these are kept with their reasons.'),
    events: Type.Record(Type.String(), Type.Integer(), {
      description: 'Events recorded, by type.',
    }),
    entries_kept: Type.Array(Type.String(), {
      description: 'Entries of the register that were there with other content, and left so.',
    }),
    vanished: orNull(
      Type.Object(
        {
          claims: Type.Integer({ description: 'Claims that are no longer in the file.' }),
          refused: Type.Optional(Type.String({ description: 'Why none, or not all, ended.' })),
        },
        { description: 'Null where they were not asked for, and until the end.' },
      ),
    ),
    started_at: moment('When it began.'),
    noted_at: moment('When it was last heard of: each second while it runs.'),
    ended_at: orNull(Type.String({ format: 'date-time' })),
  },
  {
    examples: [
      {
        id: '0192f3a4-5b6c-7d8e-9f01-23456789abcd',
        ...{ format: 'ua-general-staff', file: 'russia_losses_equipment.json' },
        sha256: '2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824',
        report_id: 'ua-gs:equipment:file:2cf24dba5fb0a30e',
        ...{ encoding: 'utf-8', conflict_id: 'russia-ukraine-2022', published: null },
        ...{ full_percent_max: null, run_by: 'command', principal: null },
        ...{ state: 'running', error: null, share_read: 0.5 },
        ...{ rows_read: 1_000, rows_recorded: 996, rows_known: 2, rows_rejected: 2 },
        ...{ rejections_kept: 2, events: { ClaimMade: 11_940, ClaimCorrected: 7 } },
        ...{ entries_kept: [], vanished: null, started_at: '2022-09-12T12:39:00.1Z' },
        ...{ noted_at: '2022-09-12T12:39:02.1Z', ended_at: null },
      },
    ],
  },
);

export const Rejection = Type.Object(
  {
    row: Type.Integer({ description: 'From 1, the header not counted; of CloudEvents the line.' }),
    reasons: Type.Array(Type.String()),
  },
  { examples: [{ row: 2, reasons: ['best is "many", not a count'] }] },
);
