/** Words of the settings screen: each option of `kanal start`, and the rules that are not options. */
import type { Texts } from './texts.ts';

// biome-ignore format: one text, one line.
export const configurationWords = {
  configurationHelp: { en: 'These come from the command line or the environment of the gateway; a change takes effect at its next start. Merchants, channels, routes, fees and rates are changed on their own pages.', zh: '以下设置来自网关的命令行或环境变量，修改后于下次启动生效。商户、渠道、路由、费率和汇率在各自页面修改。', id: 'Berasal dari baris perintah atau lingkungan gateway; perubahan berlaku pada start berikutnya. Merchant, kanal, rute, biaya, dan kurs diubah di halamannya masing-masing.' },
  setBy:             { en: 'Set by', zh: '来源', id: 'Ditetapkan oleh' },
  setWhere:          { en: 'Where to change it', zh: '修改位置', id: 'Tempat mengubah' },
  default:           { en: 'default', zh: '默认', id: 'bawaan' },
  you:               { en: 'your installation', zh: '本安装', id: 'instalasi Anda' },
  fixedRules:        { en: 'Rules of this console', zh: '控制台规则', id: 'Aturan konsol ini' },
  ruleSessions:      { en: 'Sessions', zh: '会话', id: 'Sesi' },
  ruleSessionsText:  { en: 'End after 15 minutes without a request, and after 8 hours in any case.', zh: '15 分钟无操作或满 8 小时后结束。', id: 'Berakhir setelah 15 menit tanpa permintaan, dan setelah 8 jam dalam hal apa pun.' },
  ruleTries:         { en: 'Failed sign-ins', zh: '登录失败', id: 'Gagal masuk' },
  ruleTriesText:     { en: 'After five, waits that grow from 30 seconds to 15 minutes.', zh: '五次后需等待，时间从 30 秒递增至 15 分钟。', id: 'Setelah lima kali, jeda bertambah dari 30 detik hingga 15 menit.' },
  ruleTotpText:      { en: 'Required for finance, approver and admin.', zh: '财务、复核和管理员必须使用。', id: 'Wajib untuk keuangan, penyetuju, dan admin.' },
  rulePassword:      { en: 'Password length', zh: '密码长度', id: 'Panjang kata sandi' },
  ruleFourEyes:      { en: 'Two persons decide about payouts above a limit, outcomes by hand, refunds by hand, suspense, keys, routes, fees, rates, funds, limits and overdrafts.', zh: '超限代付、人工结果、人工退款、挂账、密钥、路由、费率、汇率、注资、限额和透支均须两人决定。', id: 'Dua orang memutuskan pencairan di atas batas, hasil manual, pengembalian manual, penampungan, kunci, rute, biaya, kurs, dana, batas, dan cerukan.' },

  'option.mode':               { en: 'Mode: sandbox or production', zh: '模式：沙箱或生产', id: 'Mode: sandbox atau produksi' },
  'option.host':               { en: 'Address to listen on', zh: '监听地址', id: 'Alamat yang didengarkan' },
  'option.port':               { en: 'Port', zh: '端口', id: 'Port' },
  'option.data':               { en: 'Data folder', zh: '数据目录', id: 'Folder data' },
  'option.role':               { en: 'Role of the process', zh: '进程角色', id: 'Peran proses' },
  'option.processes':          { en: 'Processes', zh: '进程数', id: 'Jumlah proses' },
  'option.timeScale':          { en: 'Time scale (sandbox)', zh: '时间倍率（沙箱）', id: 'Skala waktu (sandbox)' },
  'option.databaseUrl':        { en: 'Database; empty = the embedded one', zh: '数据库；留空为内置', id: 'Basis data; kosong = bawaan' },
  'option.masterKeyFile':      { en: 'Master key file; empty = in the data folder', zh: '主密钥文件；留空为数据目录内', id: 'File kunci utama; kosong = di folder data' },
  'option.publicUrl':          { en: 'Public address', zh: '对外地址', id: 'Alamat publik' },
  'option.allowCallbackHosts': { en: 'Private hosts notices may go to', zh: '允许通知的内网地址', id: 'Host privat yang boleh menerima notifikasi' },
  'option.trustedProxies':     { en: 'Trusted proxies', zh: '可信代理', id: 'Proksi tepercaya' },
  'option.sqsRegion':          { en: 'Queue service: region', zh: '队列服务：区域', id: 'Layanan antrean: wilayah' },
  'option.sqsAccounts':        { en: 'Queue service: accounts', zh: '队列服务：账号', id: 'Layanan antrean: akun' },
  'option.sqsEndpoint':        { en: 'Queue service: endpoint', zh: '队列服务：端点', id: 'Layanan antrean: endpoint' },
  'option.sqsAccessKeyId':     { en: 'Queue service: access key', zh: '队列服务：访问密钥', id: 'Layanan antrean: kunci akses' },
  'option.sqsSecretAccessKey': { en: 'Queue service: secret', zh: '队列服务：密钥', id: 'Layanan antrean: rahasia' },
  'option.transcriptDays':     { en: 'Days that requests and replies are kept', zh: '报文保留天数', id: 'Hari penyimpanan permintaan dan jawaban' },
  'option.logLevel':           { en: 'Log level', zh: '日志级别', id: 'Tingkat log' },
} satisfies Texts;
