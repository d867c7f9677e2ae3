import t from 'tap';
import { type Assessment, verificationOf } from '../../src/domain/verification.ts';

const by = (assessor_id: string, verdict: Assessment['verdict'], more = {}): Assessment => ({
  assessor_id,
  verdict,
  ...more,
});
const reliable = { source_reliability: 'A', evidence: ['satellite image'] };
const status = (...assessments: Assessment[]) => verificationOf(assessments).status;

t.test('policy v1, from the strongest to none', async (t) => {
  const afp = by('afp', 'could_not_verify');
  t.equal(status(), 'unverified');
  t.equal(status(afp), 'could_not_verify');
  t.equal(status(afp, by('a', 'corroborated')), 'corroborated');
  t.equal(status(afp, by('a', 'corroborated'), by('b', 'disputed')), 'disputed');
  t.equal(status(by('b', 'disputed'), by('c', 'verified', reliable)), 'verified');
  t.equal(status(by('c', 'verified', reliable), by('d', 'refuted', reliable)), 'refuted');
});

t.test('a verdict without evidence or reliability does not settle', async (t) => {
  t.equal(status(by('c', 'verified')), 'unverified');
  t.equal(status(by('c', 'verified', { source_reliability: 'A' })), 'unverified');
  t.equal(status(by('c', 'verified', { ...reliable, source_reliability: 'C' })), 'unverified');
});

t.test("an assessor's latest verdict counts, and counts are kept", async (t) => {
  const { status, counts } = verificationOf([by('afp', 'disputed'), by('afp', 'could_not_verify')]);
  t.equal(status, 'could_not_verify');
  t.match(counts, { disputed: 0, could_not_verify: 1 });
});
