/** What the one-code page says beside the cashier's own words; a key without all languages does not compile. */
import type { Language } from '../cashier/words.ts';

type Row = Readonly<Record<Language, string>>;

// biome-ignore format: one text, one line.
const table = {
  openTitle:    { en: 'Open this page in your wallet', zh: '请使用钱包扫码打开', id: 'Buka halaman ini di dompet Anda' },
  openText:     { en: 'This app cannot pay here. Scan the shop’s code with {names}.', zh: '当前应用无法付款，请使用{names}扫描商户二维码。', id: 'Aplikasi ini tidak dapat membayar di sini. Pindai kode toko dengan {names}.' },
  refusedTitle: { en: 'This wallet cannot pay here', zh: '该钱包暂不支持此付款', id: 'Dompet ini tidak dapat membayar di sini' },
  refusedText:  { en: 'Nothing was charged. Please scan the shop’s code with {names}.', zh: '未产生扣款，请使用{names}扫描商户二维码。', id: 'Tidak ada dana yang ditarik. Silakan pindai kode toko dengan {names}.' },
  takenTitle:   { en: 'Already opened in {name}', zh: '已在{name}中打开', id: 'Sudah dibuka di {name}' },
  takenText:    { en: 'Please pay there, and do not pay twice.', zh: '请在该钱包中完成付款，切勿重复付款。', id: 'Silakan bayar di sana, dan jangan membayar dua kali.' },
  startText:    { en: 'Confirm the payment in {name}.', zh: '请在{name}中确认付款。', id: 'Konfirmasi pembayaran di {name}.' },
  start:        { en: 'Pay now', zh: '立即付款', id: 'Bayar sekarang' },
} satisfies Readonly<Record<string, Row>>;

export type PageWord = keyof typeof table;

export function say(language: Language, key: PageWord, fill: Readonly<Record<string, string>> = {}): string {
  return table[key][language].replace(/\{(\w+)\}/g, (_, name: string) => fill[name] ?? '');
}
