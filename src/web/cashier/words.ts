/** What the cashier says, in three languages: a key without all of them does not compile. `{name}` is filled in. */

export const languages = ['en', 'zh', 'id'] as const;
export type Language = (typeof languages)[number];

export const languageNames: Readonly<Record<Language, string>> = { en: 'English', zh: '中文', id: 'Bahasa Indonesia' };
/** For `<html lang>`. */
export const languageTags: Readonly<Record<Language, string>> = { en: 'en', zh: 'zh-Hans', id: 'id' };

type Row = Readonly<Record<Language, string>>;

// biome-ignore format: one text, one line.
const table = {
  pageTitle:        { en: 'Pay {merchant}', zh: '向{merchant}付款', id: 'Bayar {merchant}' },
  payTo:            { en: 'Pay to', zh: '收款方', id: 'Bayar ke' },
  amount:           { en: 'Amount', zh: '金额', id: 'Jumlah' },
  order:            { en: 'Order', zh: '订单号', id: 'Pesanan' },
  subject:          { en: 'For', zh: '商品', id: 'Untuk' },
  timeLeft:         { en: 'Time left', zh: '剩余时间', id: 'Sisa waktu' },
  sandbox:          { en: 'Sandbox: no real money moves', zh: '沙箱环境：不涉及真实资金', id: 'Sandbox: tidak ada uang sungguhan' },
  language:         { en: 'Language', zh: '语言', id: 'Bahasa' },
  refresh:          { en: 'Check again', zh: '刷新状态', id: 'Periksa lagi' },
  copy:             { en: 'Copy', zh: '复制', id: 'Salin' },
  copied:           { en: 'Copied', zh: '已复制', id: 'Tersalin' },
  copyAmount:       { en: 'Copy the amount', zh: '复制金额', id: 'Salin jumlah' },

  chooseTitle:      { en: 'How would you like to pay?', zh: '请选择支付方式', id: 'Pilih cara pembayaran' },
  chooseNone:       { en: 'There is no way to pay this amount right now. Please ask the shop.', zh: '当前金额暂无可用的支付方式，请联系商户。', id: 'Saat ini tidak ada cara pembayaran untuk jumlah ini. Silakan hubungi toko.' },
  chooseRefused:    { en: 'That way to pay is not available right now, and nothing was charged. Please choose another one.', zh: '该支付方式暂不可用，未产生扣款，请选择其他方式。', id: 'Cara pembayaran itu sedang tidak tersedia dan tidak ada dana yang ditarik. Silakan pilih yang lain.' },
  chooseTaken:      { en: 'A way to pay was chosen before, perhaps in another window. It is shown here.', zh: '此前（可能在另一个窗口）已选择支付方式，现显示如下。', id: 'Cara pembayaran sudah dipilih sebelumnya, mungkin di jendela lain. Ini yang dipilih.' },
  choosePhone:      { en: 'Please enter the phone number of your wallet.', zh: '请输入电子钱包绑定的手机号。', id: 'Masukkan nomor telepon dompet Anda.' },
  phone:            { en: 'Phone number of your wallet', zh: '钱包手机号', id: 'Nomor telepon dompet' },
  continue:         { en: 'Continue', zh: '继续', id: 'Lanjut' },

  'group.qr':              { en: 'QR code', zh: '扫码支付', id: 'Kode QR' },
  'group.wallet':          { en: 'E-wallet', zh: '电子钱包', id: 'Dompet digital' },
  'group.wallet-push':     { en: 'E-wallet, confirmed on your phone', zh: '电子钱包（手机确认）', id: 'Dompet digital, konfirmasi di ponsel' },
  'group.virtual-account': { en: 'Bank transfer (virtual account)', zh: '银行转账（虚拟账户）', id: 'Transfer bank (virtual account)' },
  'group.store-code':      { en: 'Cash at a store', zh: '便利店付现', id: 'Tunai di gerai' },
  'group.other':           { en: 'Other', zh: '其他方式', id: 'Lainnya' },

  waitingTitle:     { en: 'Waiting for your payment', zh: '等待付款', id: 'Menunggu pembayaran Anda' },
  waitingNote:      { en: 'This page notices your payment by itself.', zh: '付款后本页面会自动更新。', id: 'Halaman ini akan mengetahui pembayaran Anda dengan sendirinya.' },
  scanTitle:        { en: 'Scan to pay', zh: '扫码支付', id: 'Pindai untuk membayar' },
  scanHelp:         { en: 'Open your bank or wallet app, scan the code and confirm the amount.', zh: '打开银行或钱包应用，扫描二维码并确认金额。', id: 'Buka aplikasi bank atau dompet Anda, pindai kode, lalu pastikan jumlahnya.' },
  qrAlt:            { en: 'QR code for this payment', zh: '本次付款二维码', id: 'Kode QR untuk pembayaran ini' },
  vaNumber:         { en: 'Virtual account number', zh: '虚拟账户号码', id: 'Nomor virtual account' },
  vaHelp:           { en: 'Transfer exactly this amount to the number above, in your banking app, online banking or at an ATM.', zh: '请通过手机银行、网上银行或 ATM 向上述号码转入完全一致的金额。', id: 'Transfer tepat sejumlah ini ke nomor di atas lewat mobile banking, internet banking, atau ATM.' },
  bank:             { en: 'Bank', zh: '银行', id: 'Bank' },
  storeCode:        { en: 'Payment code', zh: '付款码', id: 'Kode pembayaran' },
  storeHelp:        { en: 'Show this code at the counter and pay in cash.', zh: '在柜台出示此付款码并支付现金。', id: 'Tunjukkan kode ini di kasir dan bayar tunai.' },
  store:            { en: 'Store', zh: '门店', id: 'Gerai' },
  payCode:          { en: 'Payment code', zh: '付款码', id: 'Kode pembayaran' },
  walletHelp:       { en: 'Continue in your wallet and confirm the payment there.', zh: '请前往钱包应用并在其中确认付款。', id: 'Lanjutkan di dompet Anda dan konfirmasi pembayaran di sana.' },
  walletOpen:       { en: 'Continue to {name}', zh: '前往 {name}', id: 'Lanjut ke {name}' },
  walletAny:        { en: 'the wallet', zh: '钱包', id: 'dompet' },
  pushHelp:         { en: 'Confirm the payment in {name} on your phone.', zh: '请在手机上的 {name} 中确认付款。', id: 'Konfirmasi pembayaran di {name} pada ponsel Anda.' },

  preparingTitle:   { en: 'Preparing your payment', zh: '正在准备付款', id: 'Menyiapkan pembayaran Anda' },
  preparingText:    { en: 'This takes a few seconds. Please do not pay anywhere else meanwhile.', zh: '请稍候几秒，期间请勿通过其他方式付款。', id: 'Ini memerlukan beberapa detik. Mohon jangan membayar dengan cara lain dulu.' },
  unknownTitle:     { en: 'We are checking your payment', zh: '正在核实您的付款', id: 'Kami sedang memeriksa pembayaran Anda' },
  unknownText:      { en: 'Please do not pay again. As soon as the answer is known, it is shown here.', zh: '请勿重复付款。结果确定后会显示在此页面。', id: 'Mohon jangan membayar lagi. Hasilnya akan tampil di sini begitu diketahui.' },
  paidTitle:        { en: 'Paid', zh: '付款成功', id: 'Sudah dibayar' },
  paidText:         { en: 'Thank you. {merchant} is being told.', zh: '谢谢，正在通知 {merchant}。', id: 'Terima kasih. {merchant} sedang diberi tahu.' },
  backToShop:       { en: 'Back to the shop', zh: '返回商户', id: 'Kembali ke toko' },
  failedTitle:      { en: 'The payment did not go through', zh: '付款未成功', id: 'Pembayaran tidak berhasil' },
  failedText:       { en: 'Please go back to the shop and order again. If money has left your account, ask the shop before you pay again.', zh: '请返回商户重新下单。如已扣款，请先联系商户，勿重复付款。', id: 'Silakan kembali ke toko dan pesan lagi. Jika dana sudah terpotong, tanyakan ke toko sebelum membayar lagi.' },
  expiredTitle:     { en: 'The time to pay is over', zh: '付款时间已过', id: 'Waktu pembayaran sudah habis' },
  expiredText:      { en: 'Please do not use an old code. Go back to the shop and order again.', zh: '请勿使用旧的付款码，请返回商户重新下单。', id: 'Mohon jangan memakai kode lama. Kembali ke toko dan pesan lagi.' },
  reversedTitle:    { en: 'The payment was cancelled', zh: '付款已撤销', id: 'Pembayaran dibatalkan' },
  reversedText:     { en: 'Nothing more has to be done here.', zh: '无需其他操作。', id: 'Tidak ada lagi yang perlu dilakukan di sini.' },

  missingTitle:     { en: 'There is nothing here', zh: '页面不存在', id: 'Tidak ada apa pun di sini' },
  missingText:      { en: 'Please open the link from the shop once more.', zh: '请重新打开商户提供的链接。', id: 'Silakan buka kembali tautan dari toko.' },
  brokenTitle:      { en: 'This page cannot be shown right now', zh: '页面暂时无法显示', id: 'Halaman ini sedang tidak dapat ditampilkan' },
  brokenText:       { en: 'Please open it again in a moment, and do not pay twice.', zh: '请稍后重新打开，切勿重复付款。', id: 'Silakan buka lagi sebentar lagi, dan jangan membayar dua kali.' },
  refusedTitle:     { en: 'This request was not accepted', zh: '请求未被接受', id: 'Permintaan ini tidak diterima' },
  refusedText:      { en: 'Please go back to the payment page and try again.', zh: '请返回付款页面重试。', id: 'Silakan kembali ke halaman pembayaran dan coba lagi.' },
} satisfies Readonly<Record<string, Row>>;

export type WordKey = keyof typeof table;
export type Say = (key: WordKey, fill?: Readonly<Record<string, string>>) => string;

/** Texts of one language. */
export function wordsOf(language: Language): Say {
  return (key, fill = {}) => table[key][language].replace(/\{(\w+)\}/g, (_, name: string) => fill[name] ?? '');
}

function isLanguage(text: string): text is Language {
  return (languages as readonly string[]).includes(text);
}

/** `?lang=` first, then the browser's wish by its own order, then English. */
export function languageOf(asked: string | null, accepted: string): Language {
  if (asked !== null && isLanguage(asked)) return asked;
  const wishes = accepted
    .slice(0, 200)
    .split(',')
    .map((one, index) => {
      const [tag = '', ...parameters] = one.trim().toLowerCase().split(';');
      const q = parameters.map((text) => /^\s*q=([01](?:\.\d{0,3})?)\s*$/.exec(text)?.[1]).find((text) => text) ?? '1';
      // Indonesian was "in" in older browsers.
      return { tag: tag.split('-')[0] === 'in' ? 'id' : (tag.split('-')[0] ?? ''), q: Number(q), index };
    })
    .filter(({ q }) => q > 0)
    .sort((a, b) => b.q - a.q || a.index - b.index);
  return wishes.map(({ tag }) => tag).find(isLanguage) ?? 'en';
}
