/** What the cashier says, in three languages: a key without all of them does not compile. `{name}` is filled in. */

export const languages = ['en', 'zh', 'id'] as const;
export type Language = (typeof languages)[number];

export const languageNames: Readonly<Record<Language, string>> = { en: 'English', zh: '中文', id: 'Bahasa Indonesia' };
/** For `<html lang>`. */
export const languageTags: Readonly<Record<Language, string>> = { en: 'en', zh: 'zh-Hans', id: 'id' };

type Row = Readonly<Record<Language, string>>;

// biome-ignore format: one text, one line.
const table = {
  pageTitle:        { en: '{amount} to {merchant}', zh: '向{merchant}付款 {amount}', id: '{amount} ke {merchant}' },
  payTo:            { en: 'to', zh: '收款方', id: 'ke' },
  amount:           { en: 'Amount', zh: '金额', id: 'Jumlah' },
  order:            { en: 'Order', zh: '订单号', id: 'Pesanan' },
  payBefore:        { en: 'Pay before', zh: '付款截止', id: 'Bayar sebelum' },
  timeLeft:         { en: 'Time left', zh: '剩余时间', id: 'Sisa waktu' },
  paidAt:           { en: 'Paid', zh: '付款时间', id: 'Dibayar' },
  method:           { en: 'Method', zh: '支付方式', id: 'Metode' },
  sandbox:          { en: 'Sandbox: no real money moves', zh: '沙箱环境：不涉及真实资金', id: 'Sandbox: tidak ada uang sungguhan' },
  language:         { en: 'Language', zh: '语言', id: 'Bahasa' },
  refresh:          { en: 'Check again', zh: '刷新状态', id: 'Periksa lagi' },
  copy:             { en: 'Copy', zh: '复制', id: 'Salin' },
  copied:           { en: 'Copied', zh: '已复制', id: 'Tersalin' },

  chooseTitle:      { en: 'Choose how to pay', zh: '请选择支付方式', id: 'Pilih cara pembayaran' },
  chooseNone:       { en: 'There is no way to pay this amount right now. Please ask the shop.', zh: '当前金额暂无可用的支付方式，请联系商户。', id: 'Saat ini tidak ada cara pembayaran untuk jumlah ini. Silakan hubungi toko.' },
  chooseRefused:    { en: 'That did not go through, and nothing was charged. Please try again, or pay another way.', zh: '付款未成功，未产生扣款。请重试或选择其他支付方式。', id: 'Pembayaran itu tidak berhasil dan tidak ada dana yang ditarik. Silakan coba lagi atau pilih cara lain.' },
  chooseTaken:      { en: 'A way to pay was chosen before, perhaps in another window. It is shown here.', zh: '此前（可能在另一个窗口）已选择支付方式，现显示如下。', id: 'Cara pembayaran sudah dipilih sebelumnya, mungkin di jendela lain. Ini yang dipilih.' },
  choosePhone:      { en: 'Please enter the phone number of your wallet.', zh: '请输入电子钱包绑定的手机号。', id: 'Masukkan nomor telepon dompet Anda.' },
  anotherWay:       { en: 'Pay another way', zh: '选择其他支付方式', id: 'Bayar dengan cara lain' },
  phone:            { en: 'Phone number of your wallet', zh: '钱包手机号', id: 'Nomor telepon dompet' },
  phoneGiven:       { en: 'Leave it empty to use the number you gave the shop.', zh: '留空则使用您提供给商户的手机号。', id: 'Kosongkan untuk memakai nomor yang Anda berikan ke toko.' },
  continue:         { en: 'Continue', zh: '继续', id: 'Lanjut' },

  'group.qr':              { en: 'QR code', zh: '扫码支付', id: 'Kode QR' },
  'group.wallet':          { en: 'E-wallet', zh: '电子钱包', id: 'Dompet digital' },
  'group.virtual-account': { en: 'Bank transfer (virtual account)', zh: '银行转账（虚拟账户）', id: 'Transfer bank (virtual account)' },
  'group.store-code':      { en: 'Cash at a store', zh: '便利店付现', id: 'Tunai di gerai' },
  'group.quick-pay':       { en: 'Bank card', zh: '银行卡快捷支付', id: 'Kartu bank' },
  'group.other':           { en: 'Other', zh: '其他方式', id: 'Lainnya' },
  'hint.qr':               { en: 'Any bank or wallet app', zh: '任意银行或钱包应用', id: 'Aplikasi bank atau dompet apa pun' },
  'hint.wallet-push':      { en: 'Confirmed on your phone', zh: '在手机上确认', id: 'Dikonfirmasi di ponsel Anda' },
  'hint.quick-pay':        { en: 'Card and text message code', zh: '银行卡与短信验证码', id: 'Kartu dan kode SMS' },

  waitingTitle:     { en: 'Waiting for your payment', zh: '等待付款', id: 'Menunggu pembayaran Anda' },
  waitingNote:      { en: 'This page notices your payment by itself.', zh: '付款后本页面会自动更新。', id: 'Halaman ini akan mengetahui pembayaran Anda dengan sendirinya.' },
  scanTitle:        { en: 'Scan to pay', zh: '扫码支付', id: 'Pindai untuk membayar' },
  scanHelp:         { en: 'Open your bank or wallet app, scan the code and confirm the amount.', zh: '打开银行或钱包应用，扫描二维码并确认金额。', id: 'Buka aplikasi bank atau dompet Anda, pindai kode, lalu pastikan jumlahnya.' },
  scanOnPhone:      { en: 'On this phone: save the code, open your bank or wallet app, choose to scan, and pick the code from your pictures.', zh: '在本机付款：保存二维码，打开银行或钱包应用，选择扫一扫，并从相册选取二维码。', id: 'Di ponsel ini: simpan kode, buka aplikasi bank atau dompet, pilih pindai, lalu ambil kode dari galeri.' },
  saveQr:           { en: 'Save the QR code', zh: '保存二维码', id: 'Simpan kode QR' },
  qrAlt:            { en: 'QR code for this payment', zh: '本次付款二维码', id: 'Kode QR untuk pembayaran ini' },
  oneCodeHelp:      { en: 'Scan this code with Alipay, WeChat, UnionPay or Bestpay.', zh: '请使用支付宝、微信、云闪付或翼支付扫描此二维码。', id: 'Pindai kode ini dengan Alipay, WeChat, UnionPay, atau Bestpay.' },
  vaTitle:          { en: 'Transfer to this virtual account', zh: '请转账至此虚拟账户', id: 'Transfer ke virtual account ini' },
  vaNumber:         { en: 'Virtual account number', zh: '虚拟账户号码', id: 'Nomor virtual account' },
  vaHelp:           { en: 'Transfer exactly this amount; any other sum is not recognised.', zh: '请转入完全一致的金额，否则无法识别。', id: 'Transfer tepat sejumlah ini; jumlah lain tidak akan dikenali.' },
  howTo:            { en: 'How to pay', zh: '付款步骤', id: 'Cara membayar' },
  'place.mobile':   { en: 'Mobile banking', zh: '手机银行', id: 'Mobile banking' },
  'place.internet': { en: 'Internet banking', zh: '网上银行', id: 'Internet banking' },
  'place.atm':      { en: 'ATM', zh: 'ATM 自动取款机', id: 'ATM' },
  'place.other':    { en: 'From another bank', zh: '其他银行转入', id: 'Dari bank lain' },
  menuNote:         { en: 'Menus may be named a little differently in your version.', zh: '不同版本的菜单名称可能略有差异。', id: 'Nama menu dapat sedikit berbeda di versi Anda.' },
  bank:             { en: 'Bank', zh: '银行', id: 'Bank' },
  storeTitle:       { en: 'Pay at the counter', zh: '到店付款', id: 'Bayar di kasir' },
  storeCode:        { en: 'Payment code', zh: '付款码', id: 'Kode pembayaran' },
  storeHelp:        { en: 'Show this code at the counter and pay in cash. Keep the receipt.', zh: '在柜台出示此付款码并支付现金，请保留小票。', id: 'Tunjukkan kode ini di kasir dan bayar tunai. Simpan struknya.' },
  store:            { en: 'Store', zh: '门店', id: 'Gerai' },
  payCode:          { en: 'Payment code', zh: '付款码', id: 'Kode pembayaran' },
  walletHelp:       { en: 'Continue in your wallet and confirm the payment there.', zh: '请前往钱包应用并在其中确认付款。', id: 'Lanjutkan di dompet Anda dan konfirmasi pembayaran di sana.' },
  walletOpen:       { en: 'Continue to {name}', zh: '前往 {name}', id: 'Lanjut ke {name}' },
  walletAny:        { en: 'the wallet', zh: '钱包', id: 'dompet' },
  walletScan:       { en: 'Or scan this with your phone’s camera to go on there.', zh: '或用手机相机扫描此码，在手机上继续。', id: 'Atau pindai dengan kamera ponsel untuk melanjutkan di sana.' },
  pushTitle:        { en: 'Confirm on your phone', zh: '请在手机上确认', id: 'Konfirmasi di ponsel Anda' },
  pushHelp:         { en: 'Confirm the payment in {name} on your phone.', zh: '请在手机上的 {name} 中确认付款。', id: 'Konfirmasi pembayaran di {name} pada ponsel Anda.' },
  pushSteps:        { en: 'No message? Open {name} and look at its notifications.', zh: '没有收到提示？请打开 {name} 查看通知。', id: 'Tidak ada pesan? Buka {name} dan lihat notifikasinya.' },

  cardTitle:        { en: 'Pay with a bank card', zh: '银行卡快捷支付', id: 'Bayar dengan kartu bank' },
  cardPrivacy:      { en: 'Your card details go to the card’s channel and are not kept here.', zh: '银行卡信息仅提交给支付渠道，本页面不作保存。', id: 'Data kartu dikirim ke penyedia kartu dan tidak disimpan di sini.' },
  cardNumber:       { en: 'Card number', zh: '银行卡号', id: 'Nomor kartu' },
  cardHolder:       { en: 'Name on the card', zh: '持卡人姓名', id: 'Nama pada kartu' },
  cardId:           { en: 'Holder’s ID number', zh: '持卡人身份证号', id: 'Nomor identitas pemegang' },
  cardPhone:        { en: 'Phone number known to the bank', zh: '银行预留手机号', id: 'Nomor ponsel terdaftar di bank' },
  cardCredit:       { en: 'This is a credit card', zh: '使用信用卡', id: 'Ini kartu kredit' },
  cardExpiry:       { en: 'Valid until (MM/YY)', zh: '有效期（月/年）', id: 'Berlaku sampai (BB/TT)' },
  cardCvv:          { en: 'Security code (3 digits on the back)', zh: '安全码（卡背面三位数）', id: 'Kode keamanan (3 angka di belakang)' },
  cardGo:           { en: 'Send me a code', zh: '获取验证码', id: 'Kirim kode' },
  cardOther:        { en: 'Use another card', zh: '更换银行卡', id: 'Gunakan kartu lain' },
  cardEnds:         { en: 'Card ending in {last4}', zh: '尾号 {last4} 的银行卡', id: 'Kartu berakhiran {last4}' },
  bindTitle:        { en: 'Confirm your card', zh: '验证银行卡', id: 'Verifikasi kartu Anda' },
  bindHelp:         { en: 'Step 1 of 2: the code you get now links your card to this payment. No money moves yet.', zh: '第 1 步（共 2 步）：此验证码用于验证银行卡，尚不扣款。', id: 'Langkah 1 dari 2: kode ini menghubungkan kartu dengan pembayaran ini. Belum ada dana yang ditarik.' },
  signedHelp:       { en: 'Your card is confirmed. The next code pays.', zh: '银行卡已验证，下一个验证码将完成付款。', id: 'Kartu Anda sudah diverifikasi. Kode berikutnya akan membayar.' },
  codeTitle:        { en: 'Enter the code to pay', zh: '输入验证码完成付款', id: 'Masukkan kode untuk membayar' },
  codeSent:         { en: 'We asked for a text message to {phone}.', zh: '验证码已发送至 {phone}。', id: 'Kode SMS dikirim ke {phone}.' },
  codeSentAny:      { en: 'A code was sent to the phone number known to your bank.', zh: '验证码已发送至银行预留手机号。', id: 'Kode dikirim ke nomor ponsel yang terdaftar di bank Anda.' },
  code:             { en: 'Code from the text message', zh: '短信验证码', id: 'Kode dari SMS' },
  codeGo:           { en: 'Pay {amount}', zh: '确认付款 {amount}', id: 'Bayar {amount}' },
  bindGo:           { en: 'Confirm', zh: '确认', id: 'Konfirmasi' },
  codeAgain:        { en: 'Send a new code', zh: '重新发送验证码', id: 'Kirim kode baru' },
  codeUsedUp:       { en: 'There were too many wrong codes. This payment ends by itself; nothing was charged.', zh: '验证码错误次数过多，本次付款将自动结束，未产生扣款。', id: 'Terlalu banyak kode yang salah. Pembayaran ini akan berakhir sendiri; tidak ada dana yang ditarik.' },
  noteCard:         { en: 'Please check what you typed: something is missing or cannot be right.', zh: '请检查输入内容：有缺漏或格式不正确。', id: 'Periksa isian Anda: ada yang kurang atau tidak mungkin benar.' },
  noteCode:         { en: 'That code is wrong or no longer valid.', zh: '验证码错误或已失效。', id: 'Kode salah atau sudah tidak berlaku.' },
  noteSoon:         { en: 'Not so soon: please wait a minute. Only a few codes are sent per day.', zh: '操作过于频繁，请一分钟后再试。每日发送次数有限。', id: 'Terlalu cepat: mohon tunggu satu menit. Jumlah kode per hari terbatas.' },
  noteTexts:        { en: 'Too many codes were asked for with this phone or card. Please pay another way, or try again later: an hour, or tomorrow. Nothing was charged.', zh: '该手机号或银行卡请求验证码次数过多。请改用其他方式付款，或一小时后、次日再试。未产生扣款。', id: 'Terlalu banyak kode diminta untuk ponsel atau kartu ini. Bayar dengan cara lain, atau coba lagi nanti: satu jam lagi atau besok. Tidak ada dana yang ditarik.' },
  noteSent:         { en: 'A new code is on its way; the old one no longer works.', zh: '新验证码已发送，旧验证码失效。', id: 'Kode baru sedang dikirim; kode lama tidak berlaku lagi.' },
  noteBusy:         { en: 'There was no answer. Please try again in a moment.', zh: '暂无响应，请稍后重试。', id: 'Tidak ada jawaban. Silakan coba lagi sebentar lagi.' },

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
