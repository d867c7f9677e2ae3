/** What a claim's row is found by. */
import t from 'tap';
import { claimStateOf } from '../../src/domain/claim-state.ts';
import { verificationOf } from '../../src/domain/verification.ts';
import { rowOf } from '../../src/projections/claim-columns.ts';
import { claimTags } from '../../src/projections/claim-tables.ts';

// Seen to fail with tags put twice, be they few or many.
for (const repetitions of [1, 40]) {
  t.test(`each tag once, of a claim that was repeated ${repetitions} times`, (t) => {
    const outlets = Array.from({ length: repetitions + 1 }, (_, i) => `outlet-${i}`);
    const attributions = outlets.map((actor_id) => ({
      claimant_id: 'ministry',
      chain: [
        { actor_id: 'agency', role: 'relay' },
        { actor_id, role: 'publisher', report_id: 'report' },
      ],
    }));
    const events = attributions.map((attribution, i) => ({
      type: i === 0 ? 'ClaimMade' : 'ClaimRepeated',
      data: {
        claim_id: 'a',
        conflict_id: 'war',
        attribution,
        ...(i === 0 && { proposition: { kind: 'statement', text: 'So it is.' } }),
      },
      ...{ id: `${i}`, position: i + 1, version: i + 1, recorded_at: '2022-09-12T00:00:00Z' },
    }));
    const state = claimStateOf(events as never);
    const { tags } = rowOf(state as never, verificationOf([]), {}, undefined);
    const actors = ['ministry', 'agency', ...outlets].map((id) => claimTags.actor(id));
    t.strictSame(new Set(tags), new Set([...actors, claimTags.report('report')]));
    t.equal(tags.length, actors.length + 1);
    t.end();
  });
}
