/** Message tables: one row per wire member gives both directions. Leaves are in leaves.ts. */
import { Refusal } from '../core/refusal.ts';
import { type Json, Obj } from './json.ts';

/** One wire value ↔ one typed value. `read` gets undefined for an absent member; `write` returns undefined to leave it out. */
export interface Leaf<T> {
  read(value: Json | undefined, name: string): T;
  write(value: T): Json | undefined;
}

export interface Field<T> {
  readonly wire: string;
  readonly leaf: Leaf<T>;
}

export type Rows<T> = { readonly [K in keyof T]-?: Field<T[K]> };

export interface Table<T> {
  /** Reads exactly the members of the table; unknown members are ignored. Throws Refusal `invalid-request` naming the member. */
  read(members: Obj): T;
  /** Members in the order of the table. */
  write(value: T): Obj;
}

export function field<T>(wire: string, leaf: Leaf<T>): Field<T> {
  return { wire, leaf };
}

/** A table must have a row for every key of `T`: a key added to `T` is a compile error here. */
export function table<T extends object>(rows: Rows<T>): Table<T> {
  const entries = Object.entries(rows) as [keyof T, Field<T[keyof T]>][];
  return {
    read(members) {
      const value: Partial<T> = {};
      for (const [key, row] of entries) value[key] = row.leaf.read(members.get(row.wire), row.wire);
      return value as T;
    },
    write(value) {
      const members = new Obj();
      for (const [key, row] of entries) {
        const written = row.leaf.write(value[key]);
        if (written !== undefined) members.set(row.wire, written);
      }
      return members;
    },
  };
}

export function invalid(name: string, text?: string): Refusal {
  return new Refusal('invalid-request', { field: name, ...(text === undefined ? {} : { text }) });
}

export function missing(name: string): Refusal {
  return new Refusal('invalid-request', { field: name, missing: true, text: `${name} is required` });
}
