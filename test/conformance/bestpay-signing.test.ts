/** bestpay: the signed text, digests, signatures: vectors, production shapes, traps, injectivity (T008, T013-T016, T019, T067-T069). */
import assert from 'node:assert/strict';
import { createHash, sign as signBytes } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { Refusal } from '../../src/core/refusal.ts';
import { bestpay } from '../../src/protocols/bestpay/protocol.ts';
import { ambiguousMember, lenientText, nestedText, signedText } from '../../src/protocols/bestpay/signing.ts';
import { requestGrammar } from '../../src/protocols/bestpay/wire.ts';
import { Obj, parseJson, writeJson } from '../../src/protocols/json.ts';
import {
  anyRow,
  barcodeMembers,
  members,
  objOf,
  ours,
  posting,
  replying,
  sceneWith,
  signedBody,
  theirs,
  vectorKey,
  vectors,
} from './bestpay-party.ts';

const hex = (digest: string, text: string) => createHash(digest).update(text).digest('hex');

function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    assert.ok(error instanceof Refusal, String(error));
    return error.code;
  }
  return 'accepted';
}

function openRequest(body: string | Uint8Array, keys = ours(), name = 'orderMixBrcode') {
  return bestpay.request.open(posting(name, body), sceneWith(keys, anyRow(name)));
}
function openReply(body: string, keys = theirs()) {
  return bestpay.reply.open(replying(body), sceneWith(keys, anyRow('orderMixBrcode')));
}

test('vectors R, A, C: text, length and both digests are those of the page', () => {
  assert.equal(vectors.length, 3);
  for (const { body, text, bytes, sha1, sha256 } of vectors) {
    assert.equal(signedText(objOf(body)), text);
    assert.equal(Buffer.byteLength(text), bytes);
    assert.equal(hex('sha1', text), sha1);
    assert.equal(hex('sha256', text), sha256);
  }
});

test('vector A verifies with its 1024-bit key as it came; any flipped byte of the body does not', () => {
  const body = Buffer.from(vectors[1]?.body ?? '');
  const keys = ours({}, vectorKey);
  assert.equal(openRequest(body, keys).marks['digest'], 'sha256');
  let refused = 0;
  for (let at = 0; at < body.length; at++) {
    const bent = Buffer.from(body);
    bent[at] = (bent[at] ?? 0) ^ 1;
    const code = codeOf(() => openRequest(bent, keys));
    assert.notEqual(code, 'accepted', `byte ${at}: ${bent.toString().slice(Math.max(0, at - 10), at + 10)}`);
    refused += 1;
  }
  assert.equal(refused, body.length);
});

test('production shape: nulls kept, nested result sorted by code unit, tradeStatus before tradeprodNo', () => {
  const reply = members({
    success: true,
    errorCode: null,
    errorMsg: null,
    result: {
      tradeprodNo: '2018',
      tradeStatus: 'WAITFORPAY',
      url: 'https://a/b?c=1&d=2',
      payAmt: null,
      tradeAmt: 1280,
      subject: '咖啡',
      list: [3, { b: 1, a: null }],
    },
  });
  assert.equal(
    signedText(reply),
    'errorCode=null&errorMsg=null&result={"list":[3,{"a":null,"b":1}],"payAmt":null,"subject":"咖啡","tradeAmt":1280,"tradeStatus":"WAITFORPAY","tradeprodNo":"2018","url":"https://a/b?c=1&d=2"}&success=true',
  );
});

test('null, empty and absent are three texts; the signature type is signed, the signature is not', () => {
  assert.equal(signedText(members({ a: null, b: '', sign: 'x', signType: 'RSA' })), 'a=null&b=&signType=RSA');
  assert.equal(signedText(members({ b: '' })), 'b=');
  assert.equal(lenientText(members({ a: null, b: '', c: 'd' })), 'c=d');
  assert.equal(signedText(members({ disCountAmt: 1, discountAmt: 2 })), 'disCountAmt=1&discountAmt=2');
});

test('scalars sign alike in either type, members of the result do not', () => {
  assert.equal(signedText(members({ tradeAmt: 1280 })), signedText(members({ tradeAmt: '1280' })));
  assert.notEqual(
    signedText(members({ result: { tradeAmt: 1280 } })),
    signedText(members({ result: { tradeAmt: '1280' } })),
  );
  assert.equal(signedText(objOf('{"a":1.50,"b":1e2}')), 'a=1.50&b=1e2');
});

test('fastjson escapes: controls in upper-case hex, U+007F to U+009F and the line separators, never the slash', () => {
  const text = `/"\\\b\f\n\r\t\u000b\u001f\u007f\u0085\u009f\u00a0\u2028\u2029é咖`;
  assert.equal(nestedText(text), '"/\\"\\\\\\b\\f\\n\\r\\t\\u000B\\u001F\\u007F\\u0085\\u009F\u00a0\\u2028\\u2029é咖"');
  assert.equal(parseJson(nestedText(text)), text);
});

test('each direction has its hash; the other one counts only where the party allows it', () => {
  const asked = barcodeMembers();
  assert.equal(
    codeOf(() => openRequest(signedBody(asked, 'merchant', 'sha256'))),
    'accepted',
  );
  assert.equal(
    codeOf(() => openRequest(signedBody(asked, 'merchant', 'sha1'))),
    'unauthenticated',
  );
  assert.equal(
    openRequest(signedBody(asked, 'merchant', 'sha1'), ours({ otherDigest: 'true' })).marks['digest'],
    'sha1',
  );
  assert.equal(
    codeOf(() => openRequest(signedBody(asked, 'merchant', 'sha1'), ours({ requestDigest: 'sha1' }))),
    'accepted',
  );
  const said = members({ success: true, errorCode: null, errorMsg: null, result: { tradeStatus: 'SUCCESS' } });
  assert.equal(
    codeOf(() => openReply(signedBody(said, 'platform', 'sha1'))),
    'accepted',
  );
  assert.equal(
    codeOf(() => openReply(signedBody(said, 'platform', 'sha256'))),
    'unauthenticated',
  );
  assert.equal(
    codeOf(() => openReply(signedBody(said, 'platform', 'sha256'), theirs({ responseDigest: 'sha256' }))),
    'accepted',
  );
});

test('a message cannot choose how it is verified (T016)', () => {
  const asked = barcodeMembers({ signType: 'sha1', sign_type: 'NONE' });
  assert.equal(
    codeOf(() => openRequest(signedBody(asked, 'merchant', 'sha1'))),
    'unauthenticated',
  );
  assert.equal(
    codeOf(() => openRequest(signedBody(asked, 'platform', 'sha256'))),
    'unauthenticated',
  );
});

test('what we seal opens on the other side, in all four legs, and a tampered member does not', () => {
  const asked = barcodeMembers();
  const scene = sceneWith(theirs(), anyRow('orderMixBrcode'));
  const wire = bestpay.request.seal(asked, scene);
  assert.equal(openRequest(wire.body).fields.get('outTradeNo'), 'T202401020001');
  const said = members({ success: true, errorCode: '000000', errorMsg: '成功', result: { tradeStatus: 'SUCCESS' } });
  const reply = Buffer.from(bestpay.reply.seal(said, sceneWith(ours())).body).toString();
  assert.equal(
    codeOf(() => openReply(reply)),
    'accepted',
  );
  for (const [from, to] of [
    ['"success":true', '"success":false'],
    ['SUCCESS', 'WAITFORPAY'],
    ['"errorCode":"000000"', '"errorCode":null'],
  ] as const)
    assert.equal(
      codeOf(() => openReply(reply.replace(from, to))),
      'unauthenticated',
      to,
    );
});

test('degenerate signatures are refused (T008, T069)', () => {
  const good = objOf(signedBody(barcodeMembers())).get('sign');
  assert.ok(typeof good === 'string');
  const bad: readonly unknown[] = [
    '',
    null,
    'null',
    [],
    {},
    true,
    0,
    [good],
    `${good}\n`,
    ` ${good}`,
    `${good} `,
    good.replace(/=+$/, ''),
    `${good}=`,
    good.replaceAll('+', '-').replaceAll('/', '_') === good
      ? `${good.slice(0, -4)}-_==`
      : good.replaceAll('+', '-').replaceAll('/', '_'),
    good.replace(/(.{76})/, '$1\r\n'),
    good.slice(0, 100),
    'AAAA',
    good.toLowerCase(),
    `${good.slice(0, -3)}B==`,
  ];
  for (const sign of bad) {
    const body = JSON.stringify({ ...(JSON.parse(writeJson(barcodeMembers())) as object), sign });
    assert.notEqual(
      codeOf(() => openRequest(body)),
      'accepted',
      JSON.stringify(sign),
    );
  }
  assert.equal(
    codeOf(() => openRequest(writeJson(barcodeMembers()))),
    'unauthenticated',
  );
});

test('names given twice, also in escapes, and forbidden ones are refused before any signature work (T013)', () => {
  const body = signedBody(barcodeMembers());
  for (const extra of ['"tradeAmt":1', '"\\u0074radeAmt":1', '"__proto__":1', '"sign":"x"'])
    assert.equal(
      codeOf(() => openRequest(body.replace('{', `{${extra},`))),
      'invalid-request',
      extra,
    );
});

test('a text that could be read as another member is refused; addresses are not, as long as they are one URL', () => {
  const refused: readonly [string, object][] = [
    ['subject', { subject: 'tea&remark=free' }],
    ['subject', { subject: 'tea&tradeAmt=1' }],
    ['goodsInfo', { goodsInfo: 'x&institutionCode=1' }],
    ['subjecz', { subject: 'a', subjecz: 'b' }],
    ['terminalNo', { terminalNo: '7' }],
    ['openId', { openId: 'behind an address' }],
    ['a=b', { 'a=b': 'c' }],
  ];
  for (const [field, changes] of refused) {
    const body = signedBody(barcodeMembers(changes as Record<string, unknown>));
    try {
      openRequest(body);
      assert.fail(`${field} was accepted`);
    } catch (error) {
      assert.ok(error instanceof Refusal, String(error));
      assert.deepEqual([error.code, error.detail.field], ['invalid-request', field]);
    }
  }
  for (const changes of [
    { subject: 'tea & milk = good' },
    { subject: 'a&b=c&subjecz=d&zz=1' },
    { foo: 'first' },
    { notifyUrl: 'https://shop.example.com/x?a=1&operator=me&remark=2' },
    { signType: 'RSA' },
    { zzz: 'an unknown member at the end' },
  ])
    assert.equal(
      codeOf(() => openRequest(signedBody(barcodeMembers(changes)))),
      'accepted',
      JSON.stringify(changes),
    );
});

/** A merchant that signs without nulls and empties, as a PHP client does (page, 3.5). */
test('signCompat=lenient takes signatures over the members that are not empty; strict does not', () => {
  const asked = barcodeMembers({ remark: '', note: null });
  const body = signedBody(asked, 'merchant', 'sha256', lenientText(asked));
  assert.equal(
    codeOf(() => openRequest(body)),
    'unauthenticated',
  );
  assert.equal(openRequest(body, ours({ signCompat: 'lenient' })).marks['manner'], 'lenient');
  assert.equal(
    codeOf(() => openRequest(signedBody(asked), ours({ signCompat: 'lenient' }))),
    'accepted',
  );
});

const grammar = requestGrammar('orderMixBrcode');
/** What the flows get to see: the documented members. */
const effective = (read: Obj) =>
  JSON.stringify([...read].filter(([name]) => grammar.documented.has(name)).sort(([a], [b]) => (a < b ? -1 : 1)));
const nasty = fc.oneof(
  fc.string({ maxLength: 12 }),
  fc.constantFrom('', 'null', 'a&remark=b', '&', '=', 'x&subject=y', 'u&zz=1', 'true', '咖啡'),
);
const optionalNames = ['remark', 'goodsInfo', 'subject', 'operator', 'zz', 'tradeX', 'subjecz'] as const;
const message = fc
  .dictionary(fc.constantFrom(...optionalNames), nasty, { maxKeys: 7 })
  .map((extra) => new Obj(Object.entries(extra)));

/** All messages that one signed text could be cut into: at each `&name=`, cut or not. */
function readings(text: string): Obj[] {
  const cuts = [...text.matchAll(/&([A-Za-z_][A-Za-z0-9_]*)=/g)].map(({ index }) => index);
  if (cuts.length > 10) return [];
  const found: Obj[] = [];
  for (let mask = 0; mask < 1 << cuts.length; mask++) {
    const taken = [0, ...cuts.filter((_, bit) => mask & (1 << bit)), text.length];
    const parts = taken.slice(0, -1).map((from, i) => text.slice(i === 0 ? from : from + 1, taken[i + 1]));
    const pairs = parts.map((part) => [part.slice(0, part.indexOf('=')), part.slice(part.indexOf('=') + 1)] as const);
    const read = new Obj(pairs);
    if (read.size === pairs.length && signedText(read) === text) found.push(read);
  }
  return found;
}

test('of all messages with the same signed text at most one is accepted (T014, T019)', () => {
  const runs = process.env['KANAL_LONG'] === '1' ? 100_000 : 3_000;
  let several = 0;
  fc.assert(
    fc.property(message, (one) => {
      const text = signedText(one);
      const all = readings(text);
      if (all.length > 1) several += 1;
      const accepted = all.filter((read) => ambiguousMember(read, grammar) === null);
      const distinct = new Set(accepted.map(effective));
      return distinct.size <= 1;
    }),
    { numRuns: runs },
  );
  assert.ok(several > runs / 100, `only ${several} texts had several readings`);
});

test('different accepted messages have different texts: order and spelling aside (T019)', () => {
  fc.assert(
    fc.property(message, message, (a, b) => {
      const ok = (m: Obj) => ambiguousMember(m, grammar) === null;
      const same = effective(a) === effective(b);
      return !ok(a) || !ok(b) || same || signedText(a) !== signedText(b);
    }),
    { numRuns: 2_000 },
  );
});

test('fuzz: any bytes end in a refusal, never in another error', () => {
  const body = Buffer.from(signedBody(barcodeMembers()));
  fc.assert(
    fc.property(fc.nat(body.length - 1), fc.uint8Array({ maxLength: 6 }), fc.nat(8), (at, bytes, cut) => {
      const bent = Buffer.concat([body.subarray(0, at), bytes, body.subarray(Math.min(body.length, at + cut))]);
      if (bent.equals(body)) return true;
      const wire = posting('orderMixBrcode', bent);
      const code = codeOf(() => {
        bestpay.identify(wire);
        bestpay.request.open(wire, sceneWith(ours(), anyRow('orderMixBrcode')));
      });
      // Blanks between members change nothing that is said.
      return code !== 'accepted' || writeJson(parseJson(bent.toString())) === writeJson(parseJson(body.toString()));
    }),
    { numRuns: 2_000 },
  );
  assert.equal(
    codeOf(() => openRequest(new Uint8Array([0xff, 0xfe]))),
    'invalid-request',
  );
});

test('the signature is PKCS#1 v1.5 over the UTF-8 bytes', () => {
  const text = signedText(barcodeMembers());
  const { privateKey } = { privateKey: theirs().keyObjects('privateKey')[0] };
  assert.ok(privateKey);
  const expected = signBytes('sha256', Buffer.from(text, 'utf8'), privateKey).toString('base64');
  assert.equal(objOf(signedBody(barcodeMembers())).get('sign'), expected);
});
