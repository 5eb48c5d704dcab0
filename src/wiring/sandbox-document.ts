/** `kanal sandbox --json`: what somebody needs to play with a running sandbox. Shape: interface.md. */
import type { Sandbox } from './sandbox-twins.ts';

export function sandboxDocument(baseUrl: string, token: string, sandbox: Sandbox): unknown {
  return {
    baseUrl,
    operator: { token },
    merchants: sandbox.facts.merchants,
    twins: Object.fromEntries(
      [...sandbox.twins].map(([name, { baseUrl: url, controlUrl }]) => [name, { baseUrl: url, controlUrl }]),
    ),
  };
}
