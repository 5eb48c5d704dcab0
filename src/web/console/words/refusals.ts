/** Words for what is refused: what a form lacks, and why something was not done. */
import type { Texts } from './texts.ts';

// biome-ignore format: one text, one line.
export const refusalsWords = {
  'wrong.missing':      { en: 'This has to be filled in.', zh: '此项必填。', id: 'Harus diisi.' },
  'wrong.nothing':      { en: 'This has to be more than zero.', zh: '必须大于零。', id: 'Harus lebih dari nol.' },
  'wrong.no-amount':    { en: 'Write a plain number such as 1250 or 12.50, without separators and signs.', zh: '请输入不带分隔符和符号的数字，例如 1250 或 12.50。', id: 'Tulis angka biasa seperti 1250 atau 12.50, tanpa pemisah dan tanda.' },
  'wrong.no-whole-amount': { en: 'Write a whole number such as 46000, without separators and signs.', zh: '请输入不带分隔符和符号的整数，例如 46000。', id: 'Tulis bilangan bulat seperti 46000, tanpa pemisah dan tanda.' },
  'wrong.no-decimals':  { en: 'This currency has no decimals. Write whole units without a point: 46000, not 46.000.', zh: '该币种没有小数，请输入不带小数点的整数：46000，而不是 46.000。', id: 'Mata uang ini tidak punya desimal. Tulis bilangan bulat tanpa titik: 46000, bukan 46.000.' },
  'wrong.two-decimals': { en: 'This currency has two decimals at most: 12.50. The point is no thousands separator.', zh: '该币种最多两位小数：12.50。小数点不是千位分隔符。', id: 'Mata uang ini paling banyak dua desimal: 12.50. Titik bukan pemisah ribuan.' },
  'wrong.needs-currency': { en: 'Choose the currency of the limits.', zh: '请选择限额的币种。', id: 'Pilih mata uang batasnya.' },
  'wrong.below-least':  { en: 'The highest is below the lowest.', zh: '最高值低于最低值。', id: 'Maksimal di bawah minimal.' },
  'wrong.no-hours':     { en: 'Give both ends, such as 01:00 and 23:00, or none.', zh: '请同时填写开始与结束时间，例如 01:00 和 23:00，或都留空。', id: 'Isi kedua ujung, misalnya 01:00 dan 23:00, atau kosongkan.' },
  'wrong.no-count':     { en: 'Write a whole number from 1 to 99999.', zh: '请输入 1 至 99999 的整数。', id: 'Tulis bilangan bulat 1 sampai 99999.' },
  'wrong.no-percent':   { en: 'Write 0 to 100 with at most four decimals.', zh: '请输入 0 至 100，最多四位小数。', id: 'Tulis 0 sampai 100 dengan paling banyak empat desimal.' },
  'wrong.no-rate':      { en: 'Write a positive decimal such as 4.95.', zh: '请输入正的小数，例如 4.95。', id: 'Tulis desimal positif seperti 4.95.' },
  'wrong.refund-remainder': { en: 'That is more than is left of the payment.', zh: '超过该笔收款的可退余额。', id: 'Melebihi sisa pembayaran itu.' },
  'wrong.one-hand':     { en: 'One of you let the other in less than a day ago, or the same person let in both. Somebody else decides, or you tomorrow.', zh: '你们其中一人在一天内由另一人开通，或两人由同一人开通。请由他人复核，或明天再试。', id: 'Salah satu dari Anda diberi akses oleh yang lain kurang dari sehari lalu, atau keduanya oleh orang yang sama. Orang lain yang memutuskan, atau Anda besok.' },
  'wrong.asker-gone':   { en: 'Whoever asked for it may not ask any more. Somebody else has to ask for it anew.', zh: '发起人已不再有权发起，须由他人重新发起。', id: 'Yang meminta sudah tidak berhak meminta. Orang lain harus memintanya lagi.' },
  'wrong.own-access':   { en: 'Nobody agrees to an access of their own.', zh: '不能复核自己的权限。', id: 'Tidak ada yang menyetujui aksesnya sendiri.' },
  'wrong.same-person':  { en: 'Somebody else has to decide this.', zh: '须由他人复核。', id: 'Orang lain harus memutuskan ini.' },

  'code.invalid-request':     { en: 'Something in the form does not fit.', zh: '表单内容有误。', id: 'Ada isian yang tidak sesuai.' },
  'code.conflict':            { en: 'That does not go with how things stand now.', zh: '与当前状态冲突。', id: 'Tidak cocok dengan keadaan sekarang.' },
  'code.insufficient-funds':  { en: 'There is not enough money for it.', zh: '余额不足。', id: 'Dana tidak cukup.' },
  'code.limit-exceeded':      { en: 'It is above a limit.', zh: '超出限额。', id: 'Melebihi batas.' },
  'code.channel-declined':    { en: 'The channel has declined it.', zh: '渠道已拒绝。', id: 'Kanal menolaknya.' },
  'code.channel-unavailable': { en: 'The channel cannot do it right now.', zh: '渠道暂不支持或不可用。', id: 'Kanal tidak dapat melakukannya sekarang.' },
  'code.outcome-unknown':     { en: 'The channel has not given a clear answer. Nothing is lost: ask again in a while.', zh: '渠道尚无明确结果，请稍后再查。', id: 'Kanal belum memberi jawaban jelas. Coba tanyakan lagi sebentar.' },
  'code.busy':                { en: 'Too much is going on at this moment. Please try again.', zh: '系统繁忙，请重试。', id: 'Sedang sibuk. Silakan coba lagi.' },
  goBack:                     { en: 'Back to the form', zh: '返回表单', id: 'Kembali ke formulir' },
  told:                       { en: 'Details', zh: '详情', id: 'Rincian' },
} satisfies Texts;
