-- Files that are imported: what became of their rows, noted by whoever imports one. What is told of
-- one under way is a second old at most, while `noted_at` is.
create table imports (
  id uuid primary key,
  format text not null,
  -- Without its folder.
  file text not null,
  -- Null until the file was read as a whole.
  sha256 text check (sha256 ~ '^[0-9a-f]{64}$'),
  encoding text not null,
  -- Null: as the rows say.
  conflict_id text,
  -- Null: as its rows date it.
  published date,
  -- Null: claims that are no longer in the file do not end.
  full_percent_max double precision,
  run_by text not null check (run_by in ('command', 'service')),
  -- Who sent the file; null where a command read it.
  principal text,
  state text not null default 'running' check (state in ('running', 'done', 'stopped', 'failed')),
  error text,
  report_id text,
  -- Of the file, 0 to 1; null where its length is not known.
  share_read double precision check (share_read between 0 and 1),
  rows_read bigint not null default 0,
  rows_recorded bigint not null default 0,
  rows_known bigint not null default 0,
  rows_rejected bigint not null default 0,
  rejections_kept integer not null default 0,
  -- Events recorded, by type.
  events jsonb not null default '{}',
  entries_kept text[] not null default '{}',
  vanished jsonb,
  started_at timestamptz not null default now(),
  noted_at timestamptz not null default now(),
  ended_at timestamptz
);
create index imports_newest on imports (started_at, id);

create table import_rejections (
  import_id uuid not null references imports on delete cascade,
  row bigint not null,
  reasons text[] not null,
  primary key (import_id, row)
);
