/** Words of the signature doctor. */
import type { Texts } from './texts.ts';

// biome-ignore format: one text, one line.
export const doctorWords = {
  doctorRefused:   { en: 'Refused requests', zh: '被拒绝的请求', id: 'Permintaan yang ditolak' },
  doctorPaste:     { en: 'Paste a request', zh: '粘贴请求', id: 'Tempel permintaan' },
  doctorHelp:      { en: 'First line "POST /path", then headers, an empty line, then the body exactly as it was sent. No key is ever shown.', zh: '首行 "POST /path"，随后请求头、空行，再是原样请求体。绝不显示密钥。', id: 'Baris pertama "POST /path", lalu header, baris kosong, lalu isi persis seperti dikirim. Kunci tidak pernah ditampilkan.' },
  doctorRequest:   { en: 'Request', zh: '请求', id: 'Permintaan' },
  doctorAsk:       { en: 'Examine', zh: '诊断', id: 'Periksa' },
  doctorNone:      { en: 'No request was refused for its signature.', zh: '没有因签名被拒绝的请求。', id: 'Tidak ada permintaan yang ditolak karena tanda tangan.' },
  signedText:      { en: 'What has to be signed (the key stands as ***)', zh: '应签名的内容（密钥显示为 ***）', id: 'Yang harus ditandatangani (kunci ditulis ***)' },
  expectedSign:    { en: 'Signature we expect', zh: '我方计算的签名', id: 'Tanda tangan yang kami harapkan' },
  receivedSign:    { en: 'Signature received', zh: '收到的签名', id: 'Tanda tangan diterima' },
  mistake:         { en: 'The mistake', zh: '错误原因', id: 'Kesalahannya' },
  noMistake:       { en: 'None of the usual mistakes yields what was received.', zh: '常见错误均不能得出收到的签名。', id: 'Tidak ada kesalahan umum yang menghasilkan yang diterima.' },
  'verdict.fits':             { en: 'The signature fits', zh: '签名正确', id: 'Tanda tangan cocok' },
  'verdict.differs':          { en: 'The signature differs', zh: '签名不一致', id: 'Tanda tangan berbeda' },
  'verdict.missing':          { en: 'There is no signature', zh: '缺少签名', id: 'Tidak ada tanda tangan' },
  'verdict.unknown-sender':   { en: 'Nobody is known by that name', zh: '身份标识未知', id: 'Pengirim tidak dikenal' },
  'verdict.unsigned':         { en: 'This message is not signed', zh: '该消息无需签名', id: 'Pesan ini tidak ditandatangani' },
  'verdict.not-this-protocol': { en: 'This is not a message of that protocol', zh: '不是该协议的消息', id: 'Ini bukan pesan protokol tersebut' },
} satisfies Texts;
