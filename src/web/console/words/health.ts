/** Words of the health page: what was looked at, what was found, what to do. */
import type { Texts } from './texts.ts';

// biome-ignore format: one text, one line.
export const healthWords = {
  'check.database-version': { en: 'Database version', zh: '数据库版本', id: 'Versi basis data' },
  'check.database-setting': { en: 'Database setting {name}', zh: '数据库参数 {name}', id: 'Setelan basis data {name}' },
  'check.database-role':    { en: 'Database role', zh: '数据库角色', id: 'Peran basis data' },
  'check.clock':            { en: 'Clock', zh: '时钟', id: 'Jam' },
  'check.quarantine':       { en: 'Quarantine', zh: '隔离状态', id: 'Karantina' },
  'check.keys-all':         { en: 'Keys', zh: '密钥', id: 'Kunci' },
  'check.keys':             { en: 'Keys of {name}', zh: '{name} 的密钥', id: 'Kunci {name}' },
  'check.routes':           { en: 'Routes', zh: '路由', id: 'Rute' },
  'check.channel':          { en: 'Channel {name}', zh: '渠道 {name}', id: 'Kanal {name}' },
  'checkFound.clock':       { en: '{ms} ms from the database\'s', zh: '与数据库相差 {ms} 毫秒', id: 'selisih {ms} md dari basis data' },
  'checkFound.keys-all':    { en: '{count} credentials and channels open', zh: '{count} 个凭证与渠道可正常打开', id: '{count} kredensial dan kanal dapat dibuka' },
  'checkFound.routes':      { en: '{count} routes, {dead} to disabled channels', zh: '{count} 条路由，其中 {dead} 条指向已停用渠道', id: '{count} rute, {dead} ke kanal nonaktif' },
  'checkFound.channel':     { en: 'answers', zh: '有应答', id: 'menjawab' },
  'checkTodo.database-version': { en: 'Use PostgreSQL 15 or newer.', zh: '请使用 PostgreSQL 15 或更高版本。', id: 'Gunakan PostgreSQL 15 atau lebih baru.' },
  'checkTodo.database-setting': { en: 'Set {name} = {good}: without it a power cut loses money.', zh: '请设置 {name} = {good}，否则断电会丢失资金记录。', id: 'Setel {name} = {good}: tanpanya listrik padam dapat menghilangkan uang.' },
  'checkTodo.database-role':    { en: 'Let the log-in role be a member of kanal_app: the application should not own its tables.', zh: '请让登录角色成为 kanal_app 的成员：应用不应拥有其数据表。', id: 'Jadikan peran login anggota kanal_app: aplikasi tidak seharusnya memiliki tabelnya.' },
  'checkTodo.clock':            { en: 'Run an NTP client on both machines: leases and signature windows need one time.', zh: '请在两台机器上运行 NTP：租约与签名时效依赖同一时间。', id: 'Jalankan klien NTP di kedua mesin: sewa kerja dan jendela tanda tangan memerlukan waktu yang sama.' },
  'checkTodo.quarantine':       { en: 'Payouts and refunds wait. Compare with the channels and end it.', zh: '代付与退款已暂停。请与渠道核对后解除。', id: 'Pencairan dan pengembalian menunggu. Bandingkan dengan kanal lalu akhiri.' },
  'checkTodo.keys-all':         { en: '', zh: '', id: '' },
  'checkTodo.keys':             { en: 'Give the keys again, or start with the master key they were sealed with.', zh: '请重新录入密钥，或使用加密时的主密钥启动。', id: 'Berikan kunci lagi, atau mulai dengan kunci utama yang menyegelnya.' },
  'checkTodo.routes':           { en: 'Remove those routes, or enable the channels.', zh: '请删除这些路由，或启用相应渠道。', id: 'Hapus rute itu, atau aktifkan kanalnya.' },
  'checkTodo.channel':          { en: '{url} cannot be reached: check address, firewall and DNS.', zh: '无法连接 {url}：请检查地址、防火墙与 DNS。', id: '{url} tidak dapat dijangkau: periksa alamat, firewall, dan DNS.' },
} satisfies Texts;
