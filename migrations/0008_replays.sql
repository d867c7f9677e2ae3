-- Parts of the log that are published again, each to a topic of its own. `position` is for display
-- alone: how far one has come is known from Kafka, where it commits together with the messages.
create table replays (
  id text primary key,
  topic text not null unique,
  from_position bigint not null check (from_position > 0),
  to_position bigint not null check (to_position >= from_position),
  -- Null: all.
  types text[],
  stream text,
  state text not null default 'running' check (state in ('running', 'done', 'cancelled')),
  position bigint not null,
  published bigint not null default 0,
  created_at timestamptz not null default now()
);
