/** A text that people read, in every language of ours: one without all of them does not compile. Program interfaces show `en`. */
export interface Wording {
  readonly en: string;
  readonly zh: string;
  readonly id: string;
}
