/** Words of users, the audit log and health. */
import type { Texts } from './texts.ts';

// biome-ignore format: one text, one line.
export const peopleWords = {
  role:            { en: 'Role', zh: '角色', id: 'Peran' },
  secondFactor:    { en: 'Second factor', zh: '两步验证', id: 'Verifikasi dua langkah' },
  addUser:         { en: 'Add a user', zh: '添加用户', id: 'Tambah pengguna' },
  renew:           { en: 'New setup code', zh: '新设置码', id: 'Kode penyiapan baru' },
  setUpYet:        { en: 'waiting for set-up', zh: '待设置', id: 'menunggu penyiapan' },
  'shown.setupCode': { en: 'One-time setup code', zh: '一次性设置码', id: 'Kode penyiapan sekali pakai' },
  accessTwo:       { en: 'Finance, approver and admin take a second person, who reads this. Whoever lets a user in decides nothing with that user for a day.', zh: '财务、复核和管理员权限须他人复核，复核人会看到此理由。开通者在一天内不能与该用户共同完成复核。', id: 'Peran keuangan, penyetuju, dan admin memerlukan orang kedua, yang membaca alasan ini. Pemberi akses tidak dapat memutuskan bersama pengguna itu selama sehari.' },
  setupCode:       { en: 'One-time setup code', zh: '一次性设置码', id: 'Kode penyiapan sekali pakai' },
  action:          { en: 'Action', zh: '操作', id: 'Tindakan' },
  who:             { en: 'Who', zh: '操作人', id: 'Siapa' },
  when:            { en: 'When', zh: '时间', id: 'Kapan' },
  what:            { en: 'What', zh: '内容', id: 'Apa' },
  chainIntact:     { en: 'The chain of {n} entries is intact.', zh: '哈希链完整，共 {n} 条记录。', id: 'Rantai hash utuh, {n} entri.' },
  chainBroken:     { en: 'The chain is broken.', zh: '哈希链已损坏。', id: 'Rantai hash rusak.' },
  check:           { en: 'Check', zh: '检查项', id: 'Pemeriksaan' },
  found:           { en: 'Found', zh: '结果', id: 'Ditemukan' },
  todo:            { en: 'To do', zh: '处理建议', id: 'Yang harus dilakukan' },
  ok:              { en: 'fine', zh: '正常', id: 'baik' },
  attention:       { en: 'attention', zh: '注意', id: 'perhatian' },
} satisfies Texts;
