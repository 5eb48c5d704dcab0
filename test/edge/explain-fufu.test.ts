/** The signature doctor for fufu: which usual mistake fits. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { explain } from '../../src/edge/explain.ts';
import { fufu } from '../../src/protocols/fufu/protocol.ts';
import { busiId, key, keysWith } from '../conformance/fufu-party.ts';

const world = { now: () => 1_700_000_000_000, nonce: (bytes: number) => Buffer.alloc(bytes) };
const stamp = '1700000000000';
const body = JSON.stringify({ busi_id: busiId, pay_subject: 'hello world' }, null, 2);
const bare = body.replaceAll(/[ \n]/g, '');
const md5 = (text: string) => createHash('md5').update(text).digest('hex');
const own = { label: 'credential 1', protocol: 'fufu', keys: keysWith() };
const other = { label: 'credential 2', protocol: 'fufu', keys: { ...keysWith({}, ['kOther']), sender: 'x' } };

function found(sign: string | null, text = body) {
  const target = `/gateway/pay/order${sign === null ? '' : `?sign=${sign}`}`;
  return explain(world, fufu, { protocol: 'fufu', method: 'POST', target, headers: [], body: Buffer.from(text) }, [
    own,
    other,
  ]);
}

test('what fits, what is missing, and which mistake was made; never the key', () => {
  assert.equal(found(`${md5(stamp + key + bare)}:${stamp}`).verdict, 'fits');
  assert.equal(found(null).verdict, 'missing');
  for (const [hashed, words] of [
    [stamp + key + body, /with its blanks and line breaks/],
    [stamp + bare, /key was forgotten/],
    [key + bare, /time stamp was forgotten/],
    [key + stamp + bare, /key stood before the time stamp/],
    [stamp + bare + key, /key stood behind the body/],
    ['1700000000' + key + bare, /seconds were hashed/],
    [`${stamp}+${key}+${bare}`, /plus signs/],
    [`${stamp}kOther${bare}`, /key of credential 2/],
    ['nonsense', null],
  ] as const) {
    const finding = found(`${md5(hashed)}:${stamp}`);
    assert.equal(finding.verdict, 'differs');
    if (words === null) assert.equal(finding.mistake, null);
    else assert.match(finding.mistake ?? '', words);
    assert.ok(!JSON.stringify(finding).includes(key));
  }
  const seconds = found(`${md5(`1700000000${key}${bare}`)}:1700000000`);
  assert.ok(seconds.advice.some((line) => line.includes('milliseconds')));
  assert.equal(found(`${md5(stamp + key + bare)}:${stamp}`).signedText, `${stamp}***${bare}`);
});
