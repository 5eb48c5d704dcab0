/** Words of signing in and setting up. */
import type { Texts } from './texts.ts';

// biome-ignore format: one text, one line.
export const signInWords = {
  signInTitle:     { en: 'Sign in', zh: '登录', id: 'Masuk' },
  signInHelp:      { en: 'First time here? Type your one-time setup code as the password.', zh: '首次登录？请将一次性设置码作为密码输入。', id: 'Pertama kali? Ketik kode penyiapan sekali pakai sebagai kata sandi.' },
  userName:        { en: 'User', zh: '用户名', id: 'Pengguna' },
  password:        { en: 'Password or setup code', zh: '密码或设置码', id: 'Kata sandi atau kode penyiapan' },
  totpCode:        { en: 'Code from your authenticator', zh: '验证器动态码', id: 'Kode dari aplikasi autentikator' },
  totpMaybe:       { en: 'if you have set one up', zh: '如已设置', id: 'jika sudah disiapkan' },
  signInFailed:    { en: 'That did not fit. Check user, password and code; after several tries you have to wait a while.', zh: '登录未成功。请检查用户名、密码和动态码；多次尝试后需等待一段时间。', id: 'Tidak cocok. Periksa pengguna, kata sandi, dan kode; setelah beberapa kali mencoba Anda harus menunggu.' },
  signInEnded:     { en: 'You have been signed out. Please sign in again.', zh: '您已退出，请重新登录。', id: 'Anda telah keluar. Silakan masuk lagi.' },
  setupTitle:      { en: 'Set up your account', zh: '设置账户', id: 'Siapkan akun Anda' },
  setupHelp:       { en: 'Choose a password of at least {least} characters.', zh: '请设置至少 {least} 个字符的密码。', id: 'Pilih kata sandi minimal {least} karakter.' },
  setupTotpMust:   { en: 'Your role moves money: scan this code with an authenticator app and type the code it shows.', zh: '您的角色涉及资金：请用验证器应用扫描此码，并输入其显示的动态码。', id: 'Peran Anda menyangkut uang: pindai kode ini dengan aplikasi autentikator dan ketik kode yang ditampilkan.' },
  setupTotpMay:    { en: 'Recommended: scan this code with an authenticator app and type the code it shows.', zh: '建议：用验证器应用扫描此码，并输入其显示的动态码。', id: 'Disarankan: pindai kode ini dengan aplikasi autentikator dan ketik kode yang ditampilkan.' },
  setupSecret:     { en: 'Or type this key into the app', zh: '或在应用中手动输入此密钥', id: 'Atau ketik kunci ini di aplikasi' },
  newPassword:     { en: 'New password', zh: '新密码', id: 'Kata sandi baru' },
  newPasswordAgain: { en: 'New password once more', zh: '再次输入新密码', id: 'Ulangi kata sandi baru' },
  setupDone:       { en: 'Save and continue', zh: '保存并继续', id: 'Simpan dan lanjut' },
  setupShort:      { en: 'The password needs at least {least} characters.', zh: '密码至少需要 {least} 个字符。', id: 'Kata sandi minimal {least} karakter.' },
  setupDiffer:     { en: 'The two passwords are not the same.', zh: '两次输入的密码不一致。', id: 'Kedua kata sandi tidak sama.' },
  setupCodeWrong:  { en: 'The code does not fit. Check the clock of your phone and type the next one.', zh: '动态码不正确。请检查手机时间并输入下一个动态码。', id: 'Kode tidak cocok. Periksa jam ponsel Anda dan ketik kode berikutnya.' },
  setupNoPhone:    { en: 'Sandbox, and no phone at hand? This prints the code:', zh: '沙箱中没有手机？此命令可显示动态码：', id: 'Sandbox tanpa ponsel? Perintah ini mencetak kodenya:' },
  signInSandbox:   { en: 'Sandbox: user and setup code are printed at the first start, and by', zh: '沙箱：用户名和设置码在首次启动时显示，也可执行', id: 'Sandbox: pengguna dan kode penyiapan dicetak saat pertama kali dijalankan, dan oleh' },
} satisfies Texts;
