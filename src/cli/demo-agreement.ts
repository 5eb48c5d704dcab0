/** Paying by agreement, for the demo: sign, confirm with the code of an SMS; then charge, and confirm that likewise. */
import type { Pay, SignAgreement } from '../core/commands.ts';
import { ask, type Cast, Otherwise, type Stage, twinBehind } from './demo-stage.ts';

const userId = 'user-0001';
const payeeNo = 'kanal-demo';

function signing(orderNo: string): SignAgreement {
  return {
    orderNo,
    userId,
    payer: { name: '张三', phone: '8613800138000', email: null, country: 'CN' },
    card: { number: '6228480402564890018', idNumber: '110101199003070011', expiry: null, cvv: null },
    payeeNo,
    scope: 'any-payee',
    extras: {},
  };
}

/** The card holder reads it from the telephone, we from the twin. */
async function smsCode(stage: Stage, list: 'agreements' | 'payments', number: string): Promise<string> {
  const { controlUrl } = await twinBehind(stage, list, number);
  const response = await fetch(`${controlUrl}/_twin/sms?reference=${encodeURIComponent(number)}`);
  const sms: unknown = await response.json();
  const code = typeof sms === 'object' && sms !== null && 'code' in sms ? sms.code : null;
  if (typeof code !== 'string') throw new Otherwise('no SMS was sent');
  return code;
}

/** → what the charge names: the agreement and whose it is. */
export async function agree(stage: Stage, cast: Cast): Promise<Pick<Pay, 'agreementNo' | 'agreementUse'>> {
  const orderNo = `${cast.orderNo}A`;
  const signed = await ask(stage, cast, 'sign-agreement', signing(orderNo));
  if (signed.state !== 'wait-confirm') throw new Otherwise(`the agreement came back as ${signed.state}`);
  const code = await smsCode(stage, 'agreements', orderNo);
  const confirmNo = signed.agreementNo;
  const active = await ask(stage, cast, 'confirm-agreement', { orderNo, confirmNo, code, extras: signed.extras });
  const agreementNo = active.agreementNo ?? confirmNo;
  if (active.state !== 'active' || agreementNo === null)
    throw new Otherwise(`the agreement came back as ${active.state}`);
  return { agreementNo, agreementUse: { userId, payeeNo, expiry: null, cvv: null, instalments: null } };
}

/** → is it paid with that? */
export async function confirm(stage: Stage, cast: Cast, confirmNo: string): Promise<boolean> {
  const { orderNo } = cast;
  const code = await smsCode(stage, 'payments', orderNo);
  const report = await ask(stage, cast, 'confirm-payment', { orderNo, confirmNo, code, extras: {} });
  if (report.state !== 'paid' && report.state !== 'pending')
    throw new Otherwise(`confirmed, the order is ${report.state}`);
  return report.state === 'paid';
}
