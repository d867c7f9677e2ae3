-- Keys of the API. The key itself is shown once and kept nowhere: its SHA-256 is enough, as 256 random
-- bits cannot be guessed. A revoked key stays, for the events that say `recorded_by` it.
create table api_keys (
  id text primary key,
  name text not null,
  key_sha256 bytea not null unique check (octet_length(key_sha256) = 32),
  scopes text[] not null check (cardinality(scopes) > 0),
  created_at timestamptz not null default now(),
  revoked_at timestamptz
);
