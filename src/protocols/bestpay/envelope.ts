/** The envelope of every reply: `success`, `errorCode`, `errorMsg`, `result` (page, section 2). */
import { type Fields, fields, type Json, Obj } from '../json.ts';
import { invalid, missing } from '../message.ts';
import type { Opened } from '../protocol.ts';
import { done } from './codes.ts';

/** The call was handled; the outcome is in `result.tradeStatus`. */
export function answered(result: Json): Fields {
  return fields({ success: true, errorCode: done.code, errorMsg: done.text, result });
}

export function refused(code: string, text: string): Fields {
  return fields({ success: false, errorCode: code, errorMsg: text, result: null });
}

export function resultOf(reply: Opened): Obj {
  const result = reply.fields.get('result');
  if (result === undefined || result === null) throw missing('result');
  if (!(result instanceof Obj)) throw invalid('result', 'result must be an object');
  return result;
}
