/** Words of the ledger. */
import type { Texts } from './texts.ts';

// biome-ignore format: one text, one line.
export const booksWords = {
  balanced:        { en: 'The books balance.', zh: '账簿平衡。', id: 'Pembukuan seimbang.' },
  unbalanced:      { en: 'The books do not balance.', zh: '账簿不平衡。', id: 'Pembukuan tidak seimbang.' },
  account:         { en: 'Account', zh: '账户', id: 'Akun' },
  accounts:        { en: 'Accounts', zh: '账户', id: 'Akun' },
  currency:        { en: 'Currency', zh: '币种', id: 'Mata uang' },
  debit:           { en: 'Debit', zh: '借方', id: 'Debit' },
  credit:          { en: 'Credit', zh: '贷方', id: 'Kredit' },
  balance:         { en: 'Balance', zh: '余额', id: 'Saldo' },
  trialBalance:    { en: 'Trial balance', zh: '试算平衡表', id: 'Neraca saldo' },
  entries:         { en: 'Entries', zh: '分录', id: 'Entri' },
  posting:         { en: 'Posting', zh: '记账事由', id: 'Pembukuan' },
} satisfies Texts;
