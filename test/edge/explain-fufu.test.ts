/** The signature doctor for fufu: which usual mistake fits. */
import assert from 'node:assert/strict';
import { createHash, createHmac } from 'node:crypto';
import { test } from 'node:test';
import { explain } from '../../src/edge/explain.ts';
import { inEnglish } from '../../src/web/console/words/sayings.ts';
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
  const message = { protocol: 'fufu', method: 'POST', target, headers: [], body: Buffer.from(text) };
  return inEnglish(explain(world, fufu, message, [own, other]));
}

const good = `${md5(stamp + key + bare)}:${stamp}`;
const digests = (hashed: string) => `${md5(hashed)}:${stamp}`;

test('a good one fits, and shows the text that both have signed', () => {
  const finding = found(good);
  assert.deepEqual([finding.verdict, finding.mistake, finding.theirText], ['fits', null, null]);
  assert.equal(finding.signedText, `${stamp}***${bare}`);
});

const mistakes: readonly (readonly [sign: string, words: RegExp, mend: RegExp])[] = [
  [digests(stamp + key + body), /with its blanks and line breaks/, /Take all blanks/],
  [digests(stamp + key + body.replaceAll(' ', '')), /only the blanks/, /Take all blanks/],
  [digests(stamp + key + body.replaceAll('\n', '')), /only the line breaks/, /Take all blanks/],
  [digests(stamp + bare), /key was forgotten/, /Put the key where/],
  [digests(key + bare), /time stamp was forgotten/, /time stamp first/],
  [digests(key + stamp + bare), /key stood before the time stamp/, /time stamp first/],
  [digests(stamp + bare + key), /key stood behind the body/, /Put the key where/],
  [digests('1700000000' + key + bare), /seconds were hashed/, /very time stamp/],
  [digests(`${stamp}+${key}+${bare}`), /plus signs/, /followed by/],
  [digests(`${stamp}kOther${bare}`), /key of credential 2/, /key of the credential/],
  [digests(`${stamp}${key}\n${bare}`), /newline stood behind the key/, /exactly as it was issued/],
  [digests(stamp + key.toUpperCase() + bare), /key was written in upper case/, /exactly as it was issued/],
  [digests(stamp + key), /an empty body was signed/, /Write the text once/],
  [digests(stamp + key + bare.replace('helloworld', 'hello\\u0020world')), /^$/, /The rule/],
  [`${md5(`1700000000${key}${bare}`)}:1700000000`, /does not have 13 digits/, /^Use milliseconds/],
  [`${stamp}:${md5(stamp + key + bare)}`, /wrong way round/, /32 hex digits, a colon/],
  [`{${good}}`, /braces stand around/, /without braces/],
  [md5(stamp + key + bare), /time stamp behind the digest is missing/, /13 digits/],
  [
    `${createHash('sha256')
      .update(stamp + key + bare)
      .digest('hex')}:${stamp}`,
    /SHA-256 instead of MD5/,
    /Use MD5/,
  ],
  [
    `${createHmac('md5', key)
      .update(stamp + bare)
      .digest('hex')}:${stamp}`,
    /HMAC-MD5 was used/,
    /Use MD5/,
  ],
];
for (const [sign, words, mend] of mistakes)
  test(`a mistake: ${words.source}`, () => {
    const finding = found(sign);
    assert.equal(finding.verdict, 'differs');
    assert.match(finding.mistake ?? '', words);
    assert.match(finding.advice.join('\n'), mend);
    assert.ok(!JSON.stringify(finding).includes(key));
  });

test('none at all, in another place, or too old', () => {
  assert.equal(found(null).verdict, 'missing');
  const headers = [['sign', good]] as const;
  const message = { protocol: 'fufu', method: 'POST', target: '/gateway/pay/order', headers, body: Buffer.from(body) };
  assert.match(inEnglish(explain(world, fufu, message, [own])).mistake ?? '', /wrong place \(header sign\)/);
  const strict = { ...own, keys: keysWith({ signWindowS: '60' }) };
  const late = { ...message, target: `/gateway/pay/order?sign=${good}`, headers: [], receivedAt: 1_700_000_100_000 };
  assert.match(inEnglish(explain(world, fufu, late, [strict])).mistake ?? '', /clock is 100 seconds off/);
});
