/** Is an address free to listen at? Asked before anything is started that would have to be taken down again. */
import { createServer } from 'node:net';

/** Rejects with the system's own error (`EADDRINUSE`, `EACCES`, `EADDRNOTAVAIL`) when it is not. Port 0 is always free. */
export function mustBeFree(host: string, port: number): Promise<void> {
  if (port === 0) return Promise.resolve();
  const probe = createServer();
  return new Promise((resolve, reject) => {
    probe.once('error', reject);
    probe.listen({ host, port, exclusive: true }, () => probe.close(() => resolve()));
  });
}
