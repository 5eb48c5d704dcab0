/** Words of reviews and approvals. */
import type { Texts } from './texts.ts';

// biome-ignore format: one text, one line.
export const decisionsWords = {
  opened:          { en: 'Opened', zh: '发起时间', id: 'Dibuka' },
  decide:          { en: 'Close with this decision', zh: '以此结论关闭', id: 'Tutup dengan keputusan ini' },
  decided:         { en: 'The review is closed.', zh: '事项已关闭。', id: 'Peninjauan ditutup.' },
  decision:        { en: 'Decision', zh: '结论', id: 'Keputusan' },
  approve:         { en: 'Approve', zh: '同意', id: 'Setujui' },
  refuse:          { en: 'Refuse', zh: '拒绝', id: 'Tolak' },
  approved:        { en: 'Approved and done.', zh: '已同意并执行。', id: 'Disetujui dan dilakukan.' },
  refusedNote:     { en: 'Refused.', zh: '已拒绝。', id: 'Ditolak.' },
  ownRequest:      { en: 'You asked for it: somebody else decides.', zh: '由您发起，须他人复核。', id: 'Anda yang meminta: orang lain yang memutuskan.' },
  noApprovals:     { en: 'Nobody has asked for anything.', zh: '暂无复核申请。', id: 'Belum ada permintaan.' },
  result:          { en: 'Result', zh: '结果', id: 'Hasil' },
  approveAsk:      { en: '{action}, asked for by {who}: agree? It is carried out at once.', zh: '{action}（{who} 发起）：确认同意？将立即执行。', id: '{action}, diminta oleh {who}: setuju? Langsung dilakukan.' },
} satisfies Texts;
