/** A report: a published document in one version. Its hash is kept, never its text. */
import { type Static, Type } from 'typebox';
import type { Decider, EventOf } from './decider.ts';
import { registerOnce } from './registry.ts';
import { ActorId, EntityId, Language, Moment, strictObject, Text, Url } from './vocabulary.ts';

const body = {
  outlet_id: ActorId,
  url: Url,
  language: Language,
  headline: Text,
  published_at: Moment,
  content_sha256: Type.Optional(Type.String({ pattern: '^[0-9a-f]{64}$' })),
};

export const reportEvents = {
  ReportPublished: Type.Object({ report_id: EntityId, ...body }),
};
export type ReportEvent = EventOf<typeof reportEvents>;

type State = { published?: ReportEvent['data'] };

export const PublishReport = strictObject(body);
export type ReportCommand = {
  readonly type: 'PublishReport';
  readonly id: string;
  readonly data: Static<typeof PublishReport>;
};
export type ReportRejection = 'registered-otherwise';

/** `report-{id}`: published once. */
export const report: Decider<State, ReportCommand, ReportEvent, ReportRejection> = {
  category: 'report',
  initialState: {},
  evolve: {
    ReportPublished: (_state, data) => ({ published: data }),
  },
  decide: (command, state) =>
    registerOnce(state.published, {
      type: 'ReportPublished',
      data: { report_id: command.id, ...command.data },
    }),
};
