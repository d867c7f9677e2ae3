-- Appends in bulk. What was measured for this shape is in docs/decisions/0005-the-append-function.md.

drop function append_events(text[], integer[], integer[], uuid[], text[], smallint[], text[], text[]);

-- Appends a batch of independent appends, each to a stream of its own; each is stored, found to be
-- there already, or refused by itself. One row per append, in order:
--   stored, duplicate: the last event's version and position
--   wrong_version:     the stream's current version
--   id_conflict:       the same; an event id is taken by other content, or by other company
-- Per append: `streams`, `expected` (-1 is any version), `counts` of events. Per event, in order of
-- their appends: `append_of` and `nth`, both from 1, then the event itself.
create function append_events(
  streams text[], expected integer[], counts integer[],
  append_of integer[], nth integer[], ids uuid[], types text[], schema_versions smallint[],
  datas json[], metadatas json[]
) returns table (outcome text, version integer, last_position bigint)
language plpgsql
-- A plan made while the log was small would scan the whole of it later: index plans only, and no
-- planning per call.
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set enable_bitmapscan = off
set enable_hashjoin = off
set enable_mergejoin = off
-- A batch of the largest size passes through in memory.
set work_mem = '64MB'
as $$
declare
  head bigint;
  head_recorded_at timestamptz;
  batch_recorded_at timestamptz;
  currents integer[];
  any_taken boolean;
  outcomes text[];
  accepted boolean[];
  refused_before integer[];
  versions integer[];
  positions bigint[];
  inserted integer;
begin
  if 1 > any (counts) then
    raise exception 'an append needs an event' using errcode = 'invalid_parameter_value';
  end if;
  -- Alone in its statement: what follows takes a new snapshot, and so sees all that committed before
  -- the lock was given. 7205880 is this log's name among advisory locks.
  perform pg_advisory_xact_lock(7205880);

  select last.position, last.recorded_at,
         array(select coalesce((select e.version from events e where e.stream = s.stream
                                order by e.version desc limit 1), 0)
               from unnest(streams) as s(stream)),
         exists (select from events e where e.id = any (ids))
    into head, head_recorded_at, currents, any_taken
    from (values (true)) as one
    left join lateral (select e.position, e.recorded_at from events e
                       order by e.position desc limit 1) as last on true;
  head := coalesce(head, 0);
  -- Never decreases with position, also when the clock was set back.
  batch_recorded_at := greatest(clock_timestamp(), head_recorded_at);

  if any_taken or expected <> currents then
    -- Not the plain case of all new and all as expected: decide append by append.
    with event as (
      select b.*, e.stream, e.version, e.position,
             e.stream = streams[b.a] and e.type = b.type and e.schema_version = b.schema_version
               and e.data::text = b.data::text as same
        from unnest(append_of, nth, ids, types, schema_versions, datas)
               as b(a, k, id, type, schema_version, data)
        left join events e on any_taken and e.id = b.id
    ), found as (
      select event.a, count(event.position) as taken, max(event.version) as version,
             max(event.position) as last_position,
             -- Every event is there with the same content, and in the same order.
             bool_and(coalesce(event.same, false))
               and max(event.version - event.k) = min(event.version - event.k) as duplicate
        from event group by event.a
    ), decided as (
      select f.a, counts[f.a] as count,
             case when f.duplicate then 'duplicate'
                  when f.taken > 0 then 'id_conflict'
                  when expected[f.a] not in (-1, currents[f.a]) then 'wrong_version'
                  else 'stored' end as outcome,
             f.version, f.last_position
        from found f
    )
    select array_agg(d.outcome order by d.a), array_agg(d.outcome = 'stored' order by d.a),
           array_agg(d.refused_before order by d.a),
           array_agg(case when d.outcome = 'duplicate' then d.version end order by d.a),
           array_agg(case when d.outcome = 'duplicate' then d.last_position end order by d.a)
      into outcomes, accepted, refused_before, versions, positions
      from (select decided.*, coalesce(sum(case when decided.outcome = 'stored' then 0
                                                else decided.count end)
              over (order by decided.a rows between unbounded preceding and 1 preceding), 0)::integer
              as refused_before
            from decided) as d;
  end if;

  insert into events
    select head + b.i - case when accepted is null then 0 else refused_before[b.a] end,
           b.id, streams[b.a], currents[b.a] + b.k, b.type, b.schema_version,
           batch_recorded_at, b.data, b.metadata
      from unnest(append_of, nth, ids, types, schema_versions, datas, metadatas)
             with ordinality as b(a, k, id, type, schema_version, data, metadata, i)
      where accepted is null or accepted[b.a];
  -- A hint to readers, once per batch; it is sent when the batch commits.
  get diagnostics inserted = row_count;
  if inserted > 0 then
    perform pg_notify('frontlog_events', (head + inserted)::text);
  end if;

  for i in 1 .. cardinality(streams) loop
    outcome := coalesce(outcomes[i], 'stored');
    if outcome = 'stored' then
      head := head + counts[i];
      version := currents[i] + counts[i];
      last_position := head;
    else
      version := coalesce(versions[i], currents[i]);
      last_position := positions[i];
    end if;
    return next;
  end loop;
end $$;

-- Appends one event alone: what `append_events` does for a batch of one, at a third of its cost where
-- all is as expected; anything else is left to `append_events`. That the id is new is seen by the
-- index when the event goes in: a taken id at a version that fits raises unique_violation, and
-- `append_events` has the answer.
create function append_event(
  to_stream text, expected_version integer,
  event_id uuid, event_type text, event_schema_version smallint, event_data json, event_metadata json,
  out outcome text, out version integer, out last_position bigint
)
language plpgsql
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set enable_bitmapscan = off
as $$
declare
  head bigint;
  head_recorded_at timestamptz;
  current_version integer;
begin
  perform pg_advisory_xact_lock(7205880);
  select last.position, last.recorded_at,
         (select e.version from events e where e.stream = to_stream order by e.version desc limit 1)
    into head, head_recorded_at, current_version
    from (values (true)) as one
    left join lateral (select e.position, e.recorded_at from events e
                       order by e.position desc limit 1) as last on true;
  current_version := coalesce(current_version, 0);

  if expected_version <> -1 and expected_version <> current_version then
    select a.outcome, a.version, a.last_position into outcome, version, last_position
      from append_events(
        array[to_stream], array[expected_version], array[1], array[1], array[1],
        array[event_id], array[event_type], array[event_schema_version],
        array[event_data], array[event_metadata]) as a;
    return;
  end if;

  outcome := 'stored';
  version := current_version + 1;
  last_position := coalesce(head, 0) + 1;
  insert into events values (
    last_position, event_id, to_stream, version, event_type, event_schema_version,
    greatest(clock_timestamp(), head_recorded_at), event_data, event_metadata);
  perform pg_notify('frontlog_events', last_position::text);
end $$;

-- Immutable by privilege too: whoever owns the log without being a superuser may not change it either,
-- not even with the trigger switched off. And the trigger holds for a session that calls itself a
-- replica.
revoke update, delete, truncate on events from public, current_user;
alter table events enable always trigger events_are_immutable;
