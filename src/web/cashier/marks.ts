/** The round signs above a page's heading. */
import { type Html, html } from '../html.ts';

export type Mark = 'done' | 'attention' | 'wait';

// biome-ignore format: one mark, one line.
const marks: Readonly<Record<Mark, Html>> = {
  done: html`<svg class="mark done" viewBox="0 0 24 24" aria-hidden="true"><path d="M5 12.5l4.5 4.5L19 7.5"/></svg>`,
  attention: html`<svg class="mark attention" viewBox="0 0 24 24" aria-hidden="true"><path d="M12 6v7.5M12 17v.5"/></svg>`,
  wait: html`<svg class="mark wait" viewBox="0 0 24 24" aria-hidden="true"><path d="M12 5v7.5l4.5 2.5"/></svg>`,
};

export function heading(mark: Mark, text: string): Html {
  return html`${marks[mark]}<h2>${text}</h2>`;
}
