/** What the asks share: outer members, what is given back later, the seller, the members of a card. */
import type { Extras, NotifyTarget, Party } from '../../core/commands.ts';
import { type Fields, type Obj, fields } from '../json.ts';
import { looseText, optional, text } from '../leaves.ts';
import type { Opened, Scene } from '../protocol.ts';
import * as leaf from './members.ts';
import { settingOf } from './settings.ts';

export const nobody: Party = { name: null, phone: null, email: null, country: 'CN' };

/** What has to be given back later; sign_type is that of the notice, too. */
export function kept(message: Opened, members: Readonly<Record<string, string | null>> = {}): Extras {
  const all = Object.entries({ ...members, sign_type: message.marks['signType'] ?? null });
  return Object.fromEntries(all.filter((entry): entry is [string, string] => entry[1] !== null));
}

export const address = optional(text({ max: 1024, pattern: /^[\x21-\x7e]+$/ }));

export function notifyOf(message: Opened): NotifyTarget | null {
  const url = address.read(message.fields.get('notify_url'), 'notify_url');
  return url === null ? null : { kind: 'http', url };
}

/** The outer members of a request beside those of every request. */
export function request(biz: Obj, notify: NotifyTarget | null, returnUrl: string | null = null): Fields {
  return fields({
    notify_url: notify?.kind === 'http' ? notify.url : undefined,
    return_url: returnUrl ?? undefined,
    biz_content: biz,
  });
}

export function seller({ keys }: Scene) {
  const own = settingOf(keys, 'sellerId');
  return { seller_id: own === '' ? keys.sender : own, seller_name: settingOf(keys, 'sellerName') };
}

export function secrets(scene: Scene) {
  const { name, cardNumber, mobile, idNumber, cvv, expiry } = leaf.secretForms;
  return {
    name: leaf.secret(scene, name),
    cardNumber: leaf.secret(scene, cardNumber),
    mobile: leaf.secret(scene, mobile),
    idNumber: leaf.secret(scene, idNumber),
    cvv: optional(leaf.secret(scene, cvv)),
    expiry: optional(leaf.secret(scene, expiry)),
  };
}

export function cardOf(biz: Obj, scene: Scene) {
  const { cvv, expiry } = secrets(scene);
  return { cvv: cvv.read(biz.get('cardCvn2'), 'cardCvn2'), expiry: expiry.read(biz.get('cardExprDt'), 'cardExprDt') };
}

export function cardMembers(card: { cvv: string | null; expiry: string | null } | undefined, scene: Scene) {
  const { cvv, expiry } = secrets(scene);
  return card === undefined ? {} : { cardCvn2: cvv.write(card.cvv), cardExprDt: expiry.write(card.expiry) };
}

export const smsCode = looseText({ max: 6, pattern: /^[0-9]{6}$/ });
