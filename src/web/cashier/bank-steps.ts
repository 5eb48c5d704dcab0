/**
 * How to pay a virtual account, bank by bank: where in which app or machine. Menus are in Indonesian because that is how they
 * are labelled; the sentences around them are ours, in three languages.
 */
import type { Language } from './words.ts';

const places = ['mobile', 'internet', 'atm'] as const;
type Place = (typeof places)[number];

/** Name of the app or site (none for machines), and the way through its menus. */
interface Way {
  readonly app: string;
  readonly menu: string;
}

type Bank = Readonly<Record<Place, Way>>;

function bank(mobile: readonly [string, string], internet: readonly [string, string], atm: string): Bank {
  const way = ([app, menu]: readonly [string, string]): Way => ({ app, menu });
  return { mobile: way(mobile), internet: way(internet), atm: { app: 'ATM', menu: atm } };
}

// biome-ignore format: one way, one line.
const banks: Readonly<Record<string, Bank>> = {
  BCA: bank(
    ['BCA mobile / myBCA', 'm-Transfer › BCA Virtual Account'],
    ['KlikBCA', 'Transfer Dana › Transfer ke BCA Virtual Account'],
    'Transaksi Lainnya › Transfer › Ke Rek BCA Virtual Account'),
  BNI: bank(
    ['wondr by BNI / BNI Mobile Banking', 'Transfer › Virtual Account Billing'],
    ['BNI Internet Banking', 'Transfer › Virtual Account Billing'],
    'Menu Lain › Transfer › Virtual Account Billing'),
  BRI: bank(
    ['BRImo', 'BRIVA'],
    ['BRI Internet Banking', 'Pembayaran › BRIVA'],
    'Transaksi Lain › Pembayaran › Lainnya › BRIVA'),
  MANDIRI: bank(
    ['Livin’ by Mandiri', 'Bayar › Virtual Account'],
    ['Mandiri Internet Banking', 'Pembayaran › Multi Payment'],
    'Bayar/Beli › Lainnya › Multi Payment'),
  PERMATA: bank(
    ['PermataMobile X', 'Bayar Tagihan › Virtual Account'],
    ['PermataNet', 'Pembayaran Tagihan › Virtual Account'],
    'Transaksi Lainnya › Pembayaran › Virtual Account'),
  CIMB: bank(
    ['OCTO Mobile', 'Transfer › Virtual Account'],
    ['OCTO Clicks', 'Bayar Tagihan › Virtual Account'],
    'Pembayaran › Lanjut › Virtual Account'),
  BSI: bank(
    ['BYOND by BSI / BSI Mobile', 'Bayar › Virtual Account'],
    ['BSI Net', 'Pembayaran › Virtual Account'],
    'Pembayaran/Pembelian › Lainnya › Virtual Account'),
  DANAMON: bank(
    ['D-Bank PRO', 'Pembayaran › Virtual Account'],
    ['Danamon Online Banking', 'Pembayaran › Virtual Account'],
    'Pembayaran › Lainnya › Virtual Account'),
};

/** A bank we have no menus of. Also how any other bank's customer pays: as a transfer to the bank that holds the account. */
const anyBank = bank(
  ['Mobile banking', 'Transfer › Antar Bank Online'],
  ['Internet banking', 'Transfer › Antar Bank Online'],
  'Transfer › Ke Bank Lain',
);

type Row = Readonly<Record<Language, string>>;

// biome-ignore format: one sentence, one line.
const sentences = {
  open:    { en: 'Open {app} and sign in.', zh: '打开 {app} 并登录。', id: 'Buka {app} lalu masuk.' },
  visit:   { en: 'Sign in to {app} in a browser.', zh: '在浏览器中登录 {app}。', id: 'Masuk ke {app} di peramban.' },
  insert:  { en: 'Insert your card, choose a language and enter your PIN.', zh: '插入银行卡，选择语言并输入密码。', id: 'Masukkan kartu, pilih bahasa, lalu masukkan PIN.' },
  menu:    { en: 'Choose {menu}.', zh: '选择 {menu}。', id: 'Pilih {menu}.' },
  bank:    { en: 'As the receiving bank choose {bank}.', zh: '收款银行选择 {bank}。', id: 'Pilih {bank} sebagai bank tujuan.' },
  number:  { en: 'Enter the virtual account number {number}.', zh: '输入虚拟账户号码 {number}。', id: 'Masukkan nomor virtual account {number}.' },
  check:   { en: 'Check that the amount is {amount}, then confirm with your PIN or code.', zh: '核对金额为 {amount}，然后用密码或验证码确认。', id: 'Pastikan jumlahnya {amount}, lalu konfirmasi dengan PIN atau kode.' },
  receipt: { en: 'Keep the receipt until this page says “Paid”.', zh: '请保留凭证，直至本页面显示“付款成功”。', id: 'Simpan bukti sampai halaman ini menampilkan “Sudah dibayar”.' },
} satisfies Readonly<Record<string, Row>>;

type Sentence = keyof typeof sentences;

const begins: Readonly<Record<Place, Sentence>> = { mobile: 'open', internet: 'visit', atm: 'insert' };

export interface Steps {
  readonly place: Place;
  /** "BCA mobile", "KlikBCA", "ATM". */
  readonly app: string;
  readonly steps: readonly string[];
}

export interface Account {
  /** Core code of the bank that holds the account. */
  readonly bank: string | null;
  readonly bankName: string;
  /** As the page shows them. */
  readonly number: string;
  readonly amount: string;
}

/** Three ways to pay at the bank itself; a bank without menus here gets those of a transfer between banks. */
export function bankSteps(account: Account, language: Language): readonly Steps[] {
  const known = account.bank === null ? undefined : banks[account.bank];
  return places.map((place) => stepsAt(place, (known ?? anyBank)[place], account, language, known === undefined));
}

/** For customers of any other bank. Null where the bank's own steps are those already. */
export function otherBankSteps(account: Account, language: Language): Steps | null {
  if (account.bank === null || !(account.bank in banks)) return null;
  return stepsAt('mobile', anyBank.mobile, account, language, true);
}

function stepsAt(place: Place, { app, menu }: Way, account: Account, language: Language, asksBank: boolean): Steps {
  const { number, amount, bankName } = account;
  const fill: Readonly<Record<string, string>> = { app, menu, number, amount, bank: bankName };
  const line: readonly Sentence[] = [
    begins[place],
    'menu',
    ...(asksBank ? (['bank'] as const) : []),
    'number',
    'check',
    'receipt',
  ];
  const say = (name: Sentence) => sentences[name][language].replace(/\{(\w+)\}/g, (_, key: string) => fill[key] ?? '');
  return { place, app, steps: line.map(say) };
}
