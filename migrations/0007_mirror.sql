-- A database has a log of its own, or a mirror of another's log, which comes by way of Kafka. Each
-- refuses what belongs to the other, whoever asks. How a mirror is filled, and why so, is in
-- docs/decisions/0015-read-sites.md.

-- `site_id` names this database among all that read the topic. A mirror knows `log_id` once the first
-- event has come.
alter table log_identity alter column log_id drop not null;
alter table log_identity add column role text not null default 'primary'
  check (role in ('primary', 'mirror') and (role = 'mirror' or log_id is not null));
alter table log_identity add column site_id uuid not null default gen_random_uuid();

-- Events that came before those that precede them: partitions of a topic are read each at its own
-- pace. They are moved into the log when all before them are there.
create table waiting_events (
  position bigint primary key,
  id uuid not null,
  stream text collate "C" not null,
  version integer not null,
  type text not null,
  schema_version smallint not null,
  recorded_at timestamptz not null,
  data json not null,
  metadata json not null,
  bytes bigint not null
);

-- Messages that could not be taken, as they came, and why. `position` is that of the event that such
-- a message says it is, if it says one: while it is open, and no good copy comes, the mirror ends there.
create table dead_letters (
  id bigint generated always as identity primary key,
  topic text not null,
  partition integer not null,
  "offset" bigint not null,
  sent_at bigint not null,
  key bytea,
  value bytea,
  -- Names and values, base64, in their order.
  headers json not null,
  reason text not null,
  position bigint,
  state text not null default 'open' check (state in ('open', 'replayed', 'dropped')),
  -- Whether it is on the topic of dead letters.
  published boolean not null default false,
  found_at timestamptz not null default now(),
  -- Offsets begin anew with a topic that was made anew.
  unique (topic, partition, "offset", sent_at)
);
create index dead_letters_held on dead_letters (position) where state = 'open';
create index dead_letters_unpublished on dead_letters (id) where not published;

create function refuse_append() returns trigger language plpgsql as $$
begin
  raise exception 'this database mirrors the log of another: its events come by way of Kafka alone'
    using errcode = 'read_only_sql_transaction';
end $$;

-- Makes the database a mirror for good; one with events of its own is refused.
create function become_mirror() returns void language plpgsql as $$
begin
  perform pg_advisory_xact_lock(7205880);
  if (select i.role from log_identity i) = 'mirror' then
    return;
  end if;
  if exists (select from events) then
    raise exception 'a read site needs an empty database of its own: this one has a log'
      using errcode = 'object_not_in_prerequisite_state';
  end if;
  update log_identity set role = 'mirror', log_id = null, site_id = gen_random_uuid();
  -- Made here, so that appends to a log of one's own have nothing to ask.
  create trigger events_come_by_feed before insert on events for each statement
    when (coalesce(current_setting('frontlog.fed', true), '') <> 'on')
    execute function refuse_append();
  alter table events enable always trigger events_come_by_feed;
end $$;

-- Takes events of the log `of_log` into the mirror, each at its own position, and answers with the
-- head after. Those that are known are passed over; those that come too early wait. Positions come
-- without repetition. Raises data_exception, and takes none, where they are of another log, or another
-- event has one of the positions. `sizes` are the bytes of data and metadata.
create function feed_events(
  of_log uuid, positions bigint[], ids uuid[], streams text[], versions integer[], types text[],
  schema_versions smallint[], recorded timestamptz[], datas json[], metadatas json[], sizes bigint[],
  out head bigint
)
language plpgsql
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set enable_bitmapscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set work_mem = '64MB'
as $$
declare
  run_max constant integer := 5000;
  site record;
  last record;
  clash bigint;
  old_head bigint;
  bytes_before bigint;
  run integer;
begin
  perform pg_advisory_xact_lock(7205880);
  -- Not as a setting of the function, which an owner who is no superuser could not give it.
  perform set_config('frontlog.fed', 'on', true);
  select i.role, i.log_id into site from log_identity i;
  if site.role <> 'mirror' then
    raise exception 'this database has a log of its own and takes no events of another'
      using errcode = 'read_only_sql_transaction';
  end if;
  if site.log_id is null then
    update log_identity set log_id = of_log;
  elsif site.log_id <> of_log then
    raise exception 'the topic is of log %, and this mirror of log %', of_log, site.log_id
      using errcode = 'data_exception';
  end if;

  select e.position, e.bytes_through into last from events e order by e.position desc limit 1;
  head := coalesce(last.position, 0);
  bytes_before := coalesce(last.bytes_through, 0);
  old_head := head;

  select min(n.position) into clash
    from (select unnest(positions) as position, unnest(ids) as id) as n
    left join events e on e.position = n.position
    left join waiting_events w on w.position = n.position
    where n.id <> coalesce(e.id, w.id);
  if clash is not null then
    raise exception 'the topic has another event than this mirror at position %', clash
      using errcode = 'data_exception';
  end if;

  -- What goes on from the head need not wait.
  insert into events
    select n.position, n.id, n.stream, n.version, n.type, n.schema_version, n.recorded_at, n.data,
           n.metadata, bytes_before + sum(n.bytes) over (order by n.position)
      from (select b.*, row_number() over (order by b.position) as nth
              from (select unnest(positions) as position, unnest(ids) as id,
                           unnest(streams) as stream, unnest(versions) as version,
                           unnest(types) as type, unnest(schema_versions) as schema_version,
                           unnest(recorded) as recorded_at, unnest(datas) as data,
                           unnest(metadatas) as metadata, unnest(sizes) as bytes) as b
              where b.position > head) as n
      where n.position = head + n.nth;
  get diagnostics run = row_count;
  head := head + run;
  insert into waiting_events
    select b.* from (select unnest(positions) as position, unnest(ids), unnest(streams),
                            unnest(versions), unnest(types), unnest(schema_versions),
                            unnest(recorded), unnest(datas), unnest(metadatas), unnest(sizes)) as b
      where b.position > head
    on conflict do nothing;
  -- Copies of what has just come another way.
  if head > old_head then
    delete from waiting_events w where w.position <= head;
  end if;

  -- And what had waited for it.
  while exists (select from waiting_events w where w.position = head + 1) loop
    select count(*) into run
      from (select w.position, row_number() over (order by w.position) as nth
              from (select position from waiting_events where position > head
                    order by position limit run_max) as w) as n
      where n.position = head + n.nth;
    select e.bytes_through into bytes_before from events e where e.position = head;
    insert into events
      select w.position, w.id, w.stream, w.version, w.type, w.schema_version, w.recorded_at, w.data,
             w.metadata, coalesce(bytes_before, 0) + sum(w.bytes) over (order by w.position)
        from waiting_events w where w.position > head and w.position <= head + run;
    head := head + run;
    delete from waiting_events w where w.position <= head;
  end loop;

  perform set_config('frontlog.fed', '', true);
  if head > old_head then
    perform pg_notify('frontlog_events', head::text);
  end if;
end $$;
