/** What PostgreSQL keeps of the topic: its pinned partitions, the position and fault to show. */
import type pg from 'pg';

export type Queries = Pick<pg.Client, 'query'>;

/** The partitions the topic had when it was first relayed to; `partitions` if it never was. */
export async function pinPartitions(
  client: Queries,
  topic: string,
  partitions: number,
): Promise<number> {
  await client.query(
    'insert into relay_topics (topic, partitions) values ($1, $2) on conflict do nothing',
    [topic, partitions],
  );
  return (await findPinnedPartitions(client, topic)) as number;
}

export async function findPinnedPartitions(
  client: Queries,
  topic: string,
): Promise<number | undefined> {
  const { rows } = await client.query('select partitions from relay_topics where topic = $1', [
    topic,
  ]);
  return rows[0]?.partitions;
}

/** Forgets the topic: the next relay pins what it finds. */
export async function unpin(client: Queries, topic: string): Promise<void> {
  await client.query('delete from relay_topics where topic = $1', [topic]);
}

/** Keeps `position` for others to see; 0 says nothing. */
export async function showPosition(client: Queries, topic: string, position: number) {
  await client.query(
    'update relay_topics set position = $2 where topic = $1 and $2 <> 0 and position <> $2',
    [topic, position],
  );
}

/** Keeps why nothing is published to the topic, and since when; null where that is over. */
export async function showFault(client: Queries, topic: string, fault: string | null) {
  await client.query(
    `update relay_topics set last_error = $2::text,
       failed_at = case when $2::text is not null then clock_timestamp() end
     where topic = $1 and last_error is distinct from $2::text`,
    [topic, fault],
  );
}

/** The position that the active relay has shown; 0 if none has. */
export async function readShownPosition(client: Queries, topic: string): Promise<number> {
  const { rows } = await client.query('select position from relay_topics where topic = $1', [
    topic,
  ]);
  return rows[0]?.position ?? 0;
}
