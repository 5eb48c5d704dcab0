/** Words of the first page. */
import type { Texts } from './texts.ts';

// biome-ignore format: one text, one line.
export const homeWords = {
  today:           { en: 'Today', zh: '今天', id: 'Hari ini' },
  days:            { en: '{n} days', zh: '{n} 天', id: '{n} hari' },
  paidSum:         { en: 'Paid', zh: '实收', id: 'Dibayar' },
  paidCount:       { en: 'Paid orders', zh: '成功笔数', id: 'Pesanan dibayar' },
  successRate:     { en: 'Success rate', zh: '成功率', id: 'Tingkat keberhasilan' },
  successOf:       { en: '{done} of {all} finished orders', zh: '已完结 {all} 笔中成功 {done} 笔', id: '{done} dari {all} pesanan selesai' },
  refundsSum:      { en: 'Refunded', zh: '已退款', id: 'Dikembalikan' },
  feesSum:         { en: 'Fees', zh: '手续费', id: 'Biaya' },
  openOrders:      { en: 'Waiting', zh: '等待中', id: 'Menunggu' },
  trend:           { en: 'Paid per day', zh: '每日实收', id: 'Dibayar per hari' },
  trendHours:      { en: 'Paid per hour', zh: '每小时实收', id: 'Dibayar per jam' },
  byMethod:        { en: 'By method', zh: '按支付方式', id: 'Per metode' },
  byChannel:       { en: 'By channel', zh: '按渠道', id: 'Per kanal' },
  channelHealth:   { en: 'Channel health', zh: '渠道状况', id: 'Kesehatan kanal' },
  medianTime:      { en: 'Median answer', zh: '响应中位数', id: 'Median jawaban' },
  slowTime:        { en: 'Slowest 5 %', zh: '最慢 5%', id: '5 % terlambat' },
  attempts:        { en: 'Attempts', zh: '请求数', id: 'Percobaan' },
  noAnswer:        { en: 'No clear answer', zh: '无明确结果', id: 'Tanpa jawaban jelas' },
  needsPerson:     { en: 'Needs a person', zh: '需要人工处理', id: 'Perlu orang' },
  needsNobody:     { en: 'Nothing is waiting for you.', zh: '暂无待处理事项。', id: 'Tidak ada yang menunggu Anda.' },
  openReviews:     { en: 'Open reviews', zh: '待处理事项', id: 'Peninjauan terbuka' },
  openApprovals:   { en: 'Waiting for a second person', zh: '等待第二人复核', id: 'Menunggu orang kedua' },
  lostNotices:     { en: 'Notices that never arrived', zh: '未送达的通知', id: 'Notifikasi yang tidak sampai' },
  unknownOrders:   { en: 'Orders with unknown outcome', zh: '结果未知的订单', id: 'Pesanan dengan hasil tidak diketahui' },
  noData:          { en: 'No payments in this time yet.', zh: '该时段暂无收款。', id: 'Belum ada pembayaran pada waktu ini.' },
} satisfies Texts;
