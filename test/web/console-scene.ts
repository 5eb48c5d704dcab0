/** The console over the operator scene: people of every role, and a browser's part of the bargain (cookies, where forms come from). */
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { makeAdmissions } from '../../src/edge/admission.ts';
import { channelProtocols, merchantProtocols } from '../../src/protocols/all.ts';
import { openSession } from '../../src/store/sessions.ts';
import type { Role } from '../../src/store/tokens.ts';
import { insertUser } from '../../src/store/users.ts';
import { readAssets } from '../../src/web/assets.ts';
import { consoleRoom } from '../../src/web/console/console.ts';
import type { ConsoleDesk } from '../../src/web/console/row.ts';
import type { Room, WebReply } from '../../src/web/web.ts';
import { makeInspections } from '../../src/wiring/inspections.ts';
import { makeIntegrations } from '../../src/wiring/integrations.ts';
import { rowsOf } from '../gate.ts';
import { type OperatorScene, operatorScene } from './operator-scene.ts';

export interface Page {
  readonly status: number;
  readonly text: string;
  readonly headers: Readonly<Record<string, string>>;
}

const origin = 'http://127.0.0.1:8080';

/** Keeps cookies and sends forms with the token of the page before, as a browser does. */
export class Browser {
  static #visitors = 0;
  readonly #room: Room;
  readonly #remote = `203.0.113.${++Browser.#visitors % 250}`;
  readonly cookies = new Map<string, string>();

  constructor(room: Room, session: string | null = null) {
    this.#room = room;
    if (session !== null) this.cookies.set('kanal-console', session);
  }

  get(path: string): Promise<Page> {
    return this.#ask('GET', path, {}, '');
  }

  /** `headers` over those of a browser; `undefined` leaves one out. */
  post(
    path: string,
    form: Readonly<Record<string, string>> = {},
    headers: Readonly<Record<string, string | undefined>> = {},
  ): Promise<Page> {
    const all = { csrf: this.csrf(), ...form };
    const own = { origin, 'sec-fetch-site': 'same-origin', 'content-type': 'application/x-www-form-urlencoded' };
    return this.#ask('POST', path, { ...own, ...headers }, new URLSearchParams(all).toString());
  }

  /** A form with a file in it. */
  upload(path: string, form: Readonly<Record<string, string>>, file: string): Promise<Page> {
    const parts = Object.entries({ csrf: this.csrf(), ...form }).map(
      ([name, value]) => `--kanal-test\r\ncontent-disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
    );
    const last = `--kanal-test\r\ncontent-disposition: form-data; name="file"; filename="day.csv"\r\n\r\n${file}\r\n`;
    const own = { origin, 'sec-fetch-site': 'same-origin', 'content-type': 'multipart/form-data; boundary=kanal-test' };
    return this.#ask('POST', path, own, `${parts.join('')}${last}--kanal-test--\r\n`);
  }

  csrf(): string {
    const session = this.cookies.get('kanal-console') ?? '';
    return createHmac('sha256', session).update('kanal console form').digest('base64url');
  }

  async #ask(
    method: string,
    path: string,
    headers: Readonly<Record<string, string | undefined>>,
    body: string,
  ): Promise<Page> {
    const [bare = '', query = ''] = path.split('?');
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const given = Object.entries({ host: '127.0.0.1:8080', cookie, ...headers }).filter(
      (pair): pair is [string, string] => pair[1] !== undefined,
    );
    const reply = await this.#room({
      method,
      path: bare,
      query: new URLSearchParams(query),
      headers: Object.fromEntries(given),
      body: Buffer.from(body),
      remote: this.#remote,
    });
    if (!reply) assert.fail(`${path} is not the console's`);
    this.#keep(reply.headers['set-cookie']);
    return { status: reply.status, text: await textOf(reply), headers: reply.headers };
  }

  #keep(line: string | undefined): void {
    const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line ?? '') ?? [];
    if (value === '') this.cookies.delete(name);
    else this.cookies.set(name, value);
  }
}

async function textOf({ body }: WebReply): Promise<string> {
  if (typeof body === 'string') return body;
  if (body instanceof Uint8Array) return Buffer.from(body).toString();
  const parts: Uint8Array[] = [];
  for await (const part of body) parts.push(part);
  return Buffer.concat(parts).toString();
}

export interface ConsoleScene {
  readonly scene: OperatorScene;
  readonly room: Room;
  readonly desk: ConsoleDesk;
  /** Somebody who is signed in, without the way in. Called "role-n". */
  person(role: Role, merchant?: string): Promise<Browser>;
  /** Everybody is as one who was set up and may decide; without this the scene's people are newcomers. */
  staffed(): Promise<void>;
  /** A user who has not signed in yet, and the one-time code. */
  newcomer(name: string, role: Role): Promise<string>;
  visitor(): Browser;
  close(): Promise<void>;
}

export async function consoleScene(): Promise<ConsoleScene> {
  const scene = await operatorScene();
  const { gate, world, vault, keyring } = scene.t;
  const desk: ConsoleDesk = {
    gate,
    admissions: makeAdmissions({
      vault,
      nonce: (bytes) => world.nonce(bytes),
      now: () => world.now(),
      merchantProtocols,
      channelProtocols,
    }),
    inspections: makeInspections(gate, keyring),
    sandbox: null,
    assets: await readAssets(),
    isSandbox: false,
    integrations: makeIntegrations({ gate, keyring, vault, publicUrl: () => origin, isSandbox: false }),
    configured: [],
    publicUrl: () => origin,
    seal: (place, secret) => vault.seal(place, secret),
    open: (place, sealed) => vault.open(place, sealed),
  };
  const room = consoleRoom(desk);
  let made = 0;
  return {
    scene,
    room,
    desk,
    async person(role, merchant) {
      const id = world.newId();
      const merchantId = merchant === undefined ? null : BigInt(merchant);
      made += 1;
      await insertUser(
        gate.db,
        { id, name: `${role}-${made}`, role, merchantId, setupCode: 'unused', setupUntil: null },
        world.now(),
      );
      const token = Buffer.from(world.nonce(32)).toString('base64url');
      await openSession(gate.db, token, { userId: id, stage: 'full', remote: '', pending: null }, world.now());
      return new Browser(room, token);
    },
    async staffed() {
      const id = world.newId();
      const lister = { id, name: 'long-there', role: 'approver', merchantId: null, setupUntil: null } as const;
      await insertUser(gate.db, { ...lister, setupCode: 'unused' }, world.now());
      await rowsOf(
        scene.t.database,
        `update kanal.console_users set could_decide = true where id = ${id} returning id`,
      );
    },
    async newcomer(name, role) {
      const code = 'ABCDE-FGHJK-MNPQR-STUVW';
      const user = { id: world.newId(), name, role, merchantId: null, setupUntil: null, setupCode: code };
      await insertUser(gate.db, user, world.now());
      return code;
    },
    visitor: () => new Browser(room),
    close: () => scene.close(),
  };
}
