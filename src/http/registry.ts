/** Writing the registry: conflicts, actors, places and reports. */
import type { FastifyInstance } from 'fastify';
import { actor, RegisterActor } from '../domain/actor.ts';
import { conflict, RegisterConflict } from '../domain/conflict.ts';
import { place, RegisterPlace } from '../domain/place.ts';
import { PublishReport, report } from '../domain/report.ts';
import { PlaceEntityId } from '../domain/vocabulary.ts';
import type { EventStore } from '../eventstore/event-store.ts';
import { addCommands } from './commands.ts';

export function addRegistry(app: FastifyInstance, store: EventStore): void {
  addCommands(app, store, [
    {
      url: '/v1/conflicts',
      operationId: 'registerConflict',
      summary: 'Register a conflict',
      tag: 'registry',
      decider: conflict,
      command: 'RegisterConflict',
      schema: RegisterConflict,
    },
    {
      url: '/v1/actors',
      operationId: 'registerActor',
      summary: 'Register an actor',
      tag: 'registry',
      decider: actor,
      command: 'RegisterActor',
      schema: RegisterActor,
    },
    {
      url: '/v1/places',
      operationId: 'registerPlace',
      summary: 'Register a place',
      tag: 'registry',
      decider: place,
      command: 'RegisterPlace',
      schema: RegisterPlace,
      idSchema: PlaceEntityId,
    },
    {
      url: '/v1/reports',
      operationId: 'publishReport',
      summary: 'Record a published report',
      tag: 'registry',
      decider: report,
      command: 'PublishReport',
      schema: PublishReport,
    },
  ]);
}
