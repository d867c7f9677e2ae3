import fc from 'fast-check';
import t from 'tap';
import type { ClaimState } from '../../src/domain/claim-state.ts';
import { isAdverseAdmission } from '../../src/domain/sides.ts';
import {
  type Assessment,
  verificationOf,
  verificationOfAll,
  verificationOfClaim,
} from '../../src/domain/verification.ts';
import { casualties, hop, link, made, people, view } from './views.ts';

const by = (assessor_id: string, verdict: Assessment['verdict'], more = {}): Assessment => ({
  assessor_id,
  verdict,
  has_evidence: false,
  ...more,
});
const reliable = { source_reliability: 'A', has_evidence: true };
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

t.test('latest is asserted latest, whatever was recorded when', async (t) => {
  const doubtful = by('afp', 'could_not_verify', { asserted_at: '2022-09-12' });
  const sure = by('afp', 'verified', { ...reliable, asserted_at: '2022-09-20' });
  t.equal(status(doubtful, sure, doubtful), 'verified');
  t.equal(status(sure, by('afp', 'could_not_verify')), 'verified', 'without a time it is no later');
  t.equal(status(sure, by('afp', 'disputed', { asserted_at: '2022-09-20' })), 'disputed');
});

const killed = casualties(people());
const sides = { parties: ['ru', 'ua'], partOf: (id: string) => ({ 'ru-mod': 'ru' })[id] };
const claim = (id: string, claimant_id: string, relays: string[], more: Partial<ClaimState> = {}) =>
  view(made(id, killed, { claimant_id, chain: relays.map((one) => hop(one)) }), more);
const own = (more: Partial<ClaimState> = {}) => claim('k1', 'ru-mod', ['afp', 'cnn'], more);
const among = (one: ClaimState, ...others: ClaimState[]) =>
  verificationOfClaim(one, others, isAdverseAdmission(one.current, sides));

t.test('a contradicting claim that stands disputes, whichever side linked', async (t) => {
  const other = claim('k2', 'ua', ['bbc'], { links: [link('contradicts', 'k1')] });
  t.equal(among(own(), other).status, 'disputed');
  t.equal(
    among(own({ links: [link('contradicts', 'k2')] }), claim('k2', 'ua', [])).status,
    'disputed',
  );
  t.equal(among(own(), { ...other, lifecycle: 'corrected' }).status, 'disputed');
  t.equal(among(own(), { ...other, lifecycle: 'retracted' }).status, 'unverified');
  t.equal(among(own(), { ...other, lifecycle: 'superseded' }).status, 'unverified');
  t.equal(
    among(own(), claim('k2', 'ua', [], { links: [link('contradicts', 'k3')] })).status,
    'unverified',
  );
});

t.test('an independent origin corroborates, whichever side linked', async (t) => {
  for (const relation of ['corroborates', 'same_occurrence'] as const) {
    const other = claim('k2', 'bbc', ['bbc'], { links: [link(relation, 'k1')] });
    t.match(among(own(), other), { status: 'corroborated', independent_origins: 2 });
    const back = own({ links: [link(relation, 'k2')] });
    t.equal(among(back, claim('k2', 'bbc', ['bbc'])).status, 'corroborated');
    t.equal(among(own(), { ...other, lifecycle: 'retracted' }).status, 'unverified');
    const reprint = claim('k2', 'bbc', ['afp', 'bbc'], { links: [link(relation, 'k1')] });
    t.match(among(own(), reprint), { status: 'unverified', independent_origins: 1 });
  }
});

t.test('a claimant does not corroborate itself by another claim', async (t) => {
  const again = claim('k2', 'ru-mod', ['tass'], { links: [link('corroborates', 'k1')] });
  t.match(among(own(), again), { status: 'unverified', independent_origins: 1 });
});

t.test('a repetition corroborates when it shares no hop', async (t) => {
  const repeatedBy = (...ids: string[]) =>
    own({ repetitions: [{ claimant_id: 'ru-mod', chain: ids.map((id) => hop(id)) }] });
  t.match(among(repeatedBy('afp', 'bbc')), { status: 'unverified', independent_origins: 1 });
  t.match(among(repeatedBy('reuters', 'bbc')), {
    status: 'corroborated',
    independent_origins: 2,
  });
});

t.test('an adverse admission corroborates', async (t) => {
  const loss = casualties(people(), { side_id: 'ru' });
  t.match(among(view(made('k1', loss))), { status: 'corroborated', independent_origins: 1 });
});

t.test('what is corroborated and disputed says both', async (t) => {
  const disputed = { ...by('b', 'disputed'), position: 9 } as never;
  const one = own({ assessments: [disputed] });
  const other = claim('k2', 'bbc', ['bbc'], { links: [link('corroborates', 'k1')] });
  t.match(among(one, other), {
    status: 'disputed',
    policy: 'v1',
    counts: { disputed: 1, corroborated: 0 },
    independent_origins: 2,
  });
});

t.test('a verdict with evidence outranks what speaks against it', async (t) => {
  const settled = [by('c', 'verified', reliable)];
  t.equal(verificationOf(settled, { isContradicted: true }).status, 'verified');
  const reported = [by('afp', 'could_not_verify')];
  t.equal(verificationOf(reported, { isContradicted: true, isAdverse: true }).status, 'disputed');
  t.equal(verificationOf(reported, { isAdverse: true }).status, 'corroborated');
});

t.test('what several say together is checked as far as the weakest of them', async (t) => {
  const verified = verificationOf([by('c', 'verified', reliable)]);
  const reported = verificationOf([by('afp', 'could_not_verify')], {
    independentOrigins: 2,
  });
  t.equal(verificationOfAll([verified]).status, 'verified');
  t.equal(verificationOfAll([verified, verificationOf([])]).status, 'unverified');
  t.equal(verificationOfAll([verificationOf([by('a', 'disputed')]), verified]).status, 'disputed');
  t.strictSame(verificationOfAll([verified, reported, reported]), {
    status: 'corroborated',
    policy: 'v1',
    counts: { could_not_verify: 2, corroborated: 0, disputed: 0, verified: 1, refuted: 0 },
    independent_origins: 1,
  });
  t.strictSame(verificationOfAll([reported, reported]).independent_origins, 2);
});

const verdicts = ['could_not_verify', 'corroborated', 'disputed', 'verified', 'refuted'] as const;
const assessments = fc.array(
  fc.record({
    assessor_id: fc.constantFrom('a', 'b', 'c', 'd'),
    verdict: fc.constantFrom(...verdicts),
    source_reliability: fc.constantFrom('A', 'B', 'F'),
    has_evidence: fc.boolean(),
  }),
);

t.test('each assessor counts once, and only what has evidence settles', async () => {
  fc.assert(
    fc.property(assessments, fc.boolean(), (all, isContradicted) => {
      const { status, counts } = verificationOf(all, { isContradicted });
      const assessors = new Set(all.map((one) => one.assessor_id)).size;
      const total = Object.values(counts).reduce((sum, one) => sum + one, 0);
      const settles = status === 'verified' || status === 'refuted';
      const hasEvidence = all.some((one) => one.verdict === status && one.has_evidence);
      return total === assessors && (!settles || hasEvidence);
    }),
  );
});
