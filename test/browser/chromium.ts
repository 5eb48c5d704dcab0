/** A headless Chromium for tests that need a real one; null, with one printed line, where there is none. */
import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

const path = process.env['CHROMIUM'] ?? '/usr/bin/chromium';

export async function openBrowser(): Promise<Browser | null> {
  if (!existsSync(path)) {
    console.log(`skipped: no Chromium at ${path}; apt-get install chromium, or CHROMIUM=/path npm test -- browser`);
    return null;
  }
  return chromium.launch({ executablePath: path, args: ['--no-sandbox', '--disable-dev-shm-usage'] });
}
