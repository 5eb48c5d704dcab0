/** Pieces of the payment page that need no gateway: what comes first, how a bank is paid, how a moment and a sum are written. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { arranged, offersIn, offersWithin } from '../../src/core/desk-offers.ts';
import { type Currency, money } from '../../src/core/money.ts';
import { bankSteps, otherBankSteps } from '../../src/web/cashier/bank-steps.ts';
import { badgeOf } from '../../src/web/cashier/choose.ts';
import { moment } from '../../src/web/cashier/time.ts';
import { showMoney } from '../../src/web/cashier/view.ts';
import { type Language, languages } from '../../src/web/cashier/words.ts';

describe('ways to pay', () => {
  const firsts = (where: Partial<Parameters<typeof arranged>[1]> = {}) => {
    const amount = where.amount ?? money(150_000n, 'IDR');
    const list = arranged(offersWithin(amount), { device: 'phone', country: null, amount, ...where });
    return [...new Set(list.map(({ method }) => method))].join(' ');
  };

  test('come in the order of what is at hand', () => {
    assert.equal(firsts(), 'wallet wallet-push qr virtual-account store-code');
    assert.equal(firsts({ country: 'ID' }), 'wallet wallet-push qr virtual-account store-code');
    assert.equal(firsts({ device: 'computer' }), 'qr virtual-account wallet-push wallet store-code');
    assert.equal(firsts({ country: 'MY' }), 'qr wallet virtual-account wallet-push store-code');
  });

  test('a large sum is transferred, and no code is offered that no app would pay', () => {
    assert.match(firsts({ amount: money(5_000_000n, 'IDR') }), /^virtual-account wallet/);
    assert.match(firsts({ amount: money(10_000_000n, 'IDR') }), /qr/);
    assert.doesNotMatch(firsts({ amount: money(10_000_001n, 'IDR') }), /qr/);
  });

  test('large banks first, and each with a mark of its own', () => {
    const banks = offersIn('IDR').filter(({ method }) => method === 'virtual-account');
    assert.deepEqual(
      banks.slice(0, 4).map(({ option }) => option),
      ['BCA', 'MANDIRI', 'BRI', 'BNI'],
    );
    const marks = offersIn('IDR').map(({ option, label }) => badgeOf(option ?? label));
    assert.equal(new Set(marks).size, marks.length);
    for (const mark of marks) assert.match(mark, /^[A-Z]{2,4}$/);
  });
});

describe('steps of a bank', () => {
  const account = { bankName: 'Bank Lain', number: '8808123', amount: 'Rp 150.000' };
  const known = ['BCA', 'BNI', 'BRI', 'MANDIRI', 'PERMATA', 'CIMB', 'BSI', 'DANAMON'];

  for (const language of languages)
    test(`${language}: three places each, with number and amount, and nothing left to fill in`, () => {
      const texts = [...known, 'ANY', null].map((bank) => {
        const ways = bankSteps({ ...account, bank }, language);
        assert.deepEqual(
          ways.map(({ place }) => place),
          ['mobile', 'internet', 'atm'],
        );
        for (const { steps } of ways) {
          const text = steps.join(' ');
          assert.ok(text.includes('8808123') && text.includes('Rp 150.000'), text);
          assert.doesNotMatch(text, /[{}]|undefined/);
          assert.equal(text.includes('Bank Lain'), !known.includes(bank ?? ''), text);
        }
        return JSON.stringify(ways);
      });
      assert.equal(new Set(texts).size, known.length + 1, 'banks we have no menus of share theirs');
    });

  test('other banks’ customers name the bank that holds the account', () => {
    assert.match(otherBankSteps({ ...account, bank: 'BCA' }, 'en')?.steps.join(' ') ?? '', /choose Bank Lain/);
    assert.equal(otherBankSteps({ ...account, bank: null }, 'en'), null);
  });
});

test('moments name their zone as people there do', () => {
  const at = Date.UTC(2026, 0, 15, 3, 4);
  const shown = (currency: Currency, language: Language) =>
    />(.*)</.exec(moment(at, currency, language).toString())?.[1];
  assert.equal(shown('IDR', 'en'), '15 Jan 2026, 10:04 WIB');
  assert.equal(shown('IDR', 'id'), '15 Jan 2026, 10.04 WIB');
  assert.equal(shown('IDR', 'zh'), '2026年1月15日 10:04 WIB');
  assert.equal(shown('CNY', 'zh'), '2026年1月15日 11:04 中国标准时间');
  assert.match(shown('THB', 'en') ?? '', /10:04 Indochina Time$/);
});

test('sums are written as at home', () => {
  assert.equal(showMoney(money(150_000n, 'IDR')), 'Rp\u00a0150.000');
  assert.equal(showMoney(money(123_456_789n, 'CNY')), '¥1,234,567.89');
  assert.equal(showMoney(money(1_500n, 'JPY')), 'JP¥1,500');
  assert.equal(showMoney(money(5n, 'HKD')), 'HK$0.05');
});
