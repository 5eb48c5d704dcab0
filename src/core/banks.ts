/**
 * Banks, ATM networks and payout wallets: our code, the full name, and what each wire language calls them.
 * One table for all protocols, so that an order taken in one language can be carried out in another.
 */

/** What wire languages call a bank: one column per protocol member that carries a bank. */
export type BankColumn =
  /** `bankId` of payin. Ours: the national clearing code, wallets from 1001. Other platforms number differently (channel setting). */
  | 'payin.bankId'
  /** `bankCode` of payin's bank lists. */
  | 'payin.bankCode'
  /** `payeeBankName` of unified loans and bluepay disbursements. */
  | 'bluepay.payeeBankName'
  /** `bankType` of unified and bluepay virtual accounts. */
  | 'bluepay.bankType';

export interface BankRow {
  /** Core code: what commands carry. */
  readonly code: string;
  readonly name: string;
  readonly kind: 'bank' | 'network' | 'wallet';
  /** What the bank can be used for: virtual accounts (`pay`), receiving payouts (`pay-out`). */
  readonly purposes: readonly ('pay' | 'pay-out')[];
  /** The first name is written, all are read. */
  readonly wire: Readonly<Partial<Record<BankColumn, readonly [string, ...string[]]>>>;
}

type Wire = BankRow['wire'];

function payin(bankId: string, bankCode: string): Wire {
  return { 'payin.bankId': [bankId], 'payin.bankCode': [bankCode] };
}

function payee(first: string, ...others: string[]): Wire {
  return { 'bluepay.payeeBankName': [first, ...others] };
}

function virtualAccount(bankType: string): Wire {
  return { 'bluepay.bankType': [bankType] };
}

const both = ['pay', 'pay-out'] as const;
const out = ['pay-out'] as const;

function row(
  code: string,
  name: string,
  kind: BankRow['kind'],
  purposes: BankRow['purposes'],
  ...columns: Wire[]
): BankRow {
  return { code, name, kind, purposes, wire: Object.assign({}, ...columns) as Wire };
}

// biome-ignore format: one bank, one line.
export const banks: readonly BankRow[] = [
  row('BRI', 'Bank Rakyat Indonesia', 'bank', both, payin('2', 'BRI'), payee('BRI')),
  row('MANDIRI', 'Bank Mandiri', 'bank', both, payin('8', 'MANDIRI'), payee('MANDIRI'), virtualAccount('mandiri')),
  row('BNI', 'Bank Negara Indonesia', 'bank', both, payin('9', 'BNI'), payee('BNI'), virtualAccount('bni')),
  row('DANAMON', 'Bank Danamon Indonesia', 'bank', out, payin('11', 'DANAMON'), payee('DANAMON')),
  row('PERMATA', 'Bank Permata', 'bank', both, payin('13', 'PERMATA'), payee('PERMATA'), virtualAccount('permata')),
  row('BCA', 'Bank Central Asia', 'bank', both, payin('14', 'BCA'), payee('BCA')),
  row('MAYBANK', 'Maybank Indonesia', 'bank', out, payin('16', 'MAYBANK'), payee('BII', 'MAYBANK')),
  row('PANIN', 'Bank Panin', 'bank', out, payin('19', 'PANIN'), payee('PANIN')),
  row('CIMB', 'Bank CIMB Niaga', 'bank', both, payin('22', 'CIMB'), payee('CIMB')),
  row('UOB', 'Bank UOB Indonesia', 'bank', out, payin('23', 'UOB'), payee('UOB')),
  row('ARTHA_GRAHA', 'Bank Artha Graha Internasional', 'bank', out, payin('37', 'ARTHA_GRAHA'), payee('ARTA GRAHA')),
  row('BJB', 'Bank BJB', 'bank', out, payin('110', 'BJB'), payee('BANK BJB')),
  row('BANK_JATIM', 'Bank Jatim', 'bank', out, payin('114', 'JATIM'), payee('BANK JATIM')),
  row('BPD_NTB', 'Bank NTB Syariah', 'bank', out, payin('128', 'BPD_NTB'), payee('BPD NUSA TENGGARA BARAT')),
  row('BNP', 'Bank Nusantara Parahyangan', 'bank', out, payin('145', 'BNP'), payee('BANK NUSANTARA PARAHYANGAN')),
  row('MUAMALAT', 'Bank Muamalat Indonesia', 'bank', out, payin('147', 'MUAMALAT'), payee('BANK MUAMALAT INDONESIA')),
  row('SINARMAS', 'Bank Sinarmas', 'bank', out, payin('153', 'SINARMAS'), payee('SINARMAS')),
  row('BTN', 'Bank Tabungan Negara', 'bank', out, payin('200', 'BTN'), payee('BANK TABUNGAN NEGARA')),
  row('BTPN', 'Bank Tabungan Pensiunan Nasional', 'bank', out, payin('213', 'BTPN'), payee('BANK TABUNGAN PENSIUNAN NASIONAL/BTPN', 'BANK TABUNGAN PENSIUNAN NASIONAL', 'BTPN')),
  row('MEGA', 'Bank Mega', 'bank', out, payin('426', 'MEGA'), payee('MEGA')),
  row('BUKOPIN', 'Bank KB Bukopin', 'bank', out, payin('441', 'BUKOPIN'), payee('BUKOPIN')),
  row('HANA', 'Bank KEB Hana', 'bank', out, payin('484', 'HANA'), payee('BANK HANA')),
  row('CENTRATAMA', 'Bank Centratama Nasional', 'bank', out, payin('559', 'CENTRATAMA'), payee('BANK CENTRATAMA NASIONAL')),
  row('BERSAMA', 'ATM Bersama', 'network', ['pay'], payin('900', 'BERSAMA')),
  row('OVO', 'OVO', 'wallet', out, payin('1001', 'OVO')),
  row('DANA', 'DANA', 'wallet', out, payin('1002', 'DANA')),
  row('GOPAY', 'GoPay', 'wallet', out, payin('1003', 'GOPAY')),
  row('SHOPEEPAY', 'ShopeePay', 'wallet', out, payin('1004', 'SHOPEEPAY')),
  row('LINKAJA', 'LinkAja', 'wallet', out, payin('1005', 'LINKAJA')),
];

const byCode: ReadonlyMap<string, BankRow> = new Map(banks.map((bank) => [bank.code, bank]));

export function bankOf(code: string): BankRow | null {
  return byCode.get(code) ?? null;
}

/** The bank that a wire language calls `name`; letter case does not count. Null when the table does not have it. */
export function bankNamed(column: BankColumn, name: string): BankRow | null {
  const wanted = name.toUpperCase();
  return banks.find((bank) => bank.wire[column]?.some((n) => n.toUpperCase() === wanted)) ?? null;
}

/** What a wire language calls the bank with that core code; null when it has no name for it. */
export function bankName(column: BankColumn, code: string): string | null {
  return byCode.get(code)?.wire[column]?.[0] ?? null;
}

/** Banks that a wire language knows, for one purpose, in the order of the table. */
export function banksOf(column: BankColumn, purpose: 'pay' | 'pay-out'): readonly BankRow[] {
  return banks.filter((bank) => bank.wire[column] !== undefined && bank.purposes.includes(purpose));
}
