-- Answers to requests with an idempotency key that recorded nothing, for it was already so. An answer
-- with events needs no row: the key made their ids.
create table idempotent_answers (
  principal text not null,
  key text not null,
  request_sha256 text not null,
  answer json not null,
  answered_at timestamptz not null default now(),
  primary key (principal, key)
);
