/*
 * network: what the browser knows of it. Where nobody knows anything, as in Node, it is always there.
 */

export interface Network {
  readonly onLine: boolean;
  addEventListener(name: 'online' | 'offline', listener: () => void): void;
  removeEventListener(name: 'online' | 'offline', listener: () => void): void;
}

export function networkOfBrowser(): Network | undefined {
  const { addEventListener, removeEventListener, navigator } = globalThis;
  if (typeof addEventListener !== 'function' || typeof navigator?.onLine !== 'boolean') return undefined;
  return {
    get onLine() {
      return navigator.onLine;
    },
    addEventListener: (name, listener) => addEventListener.call(globalThis, name, listener),
    removeEventListener: (name, listener) => removeEventListener.call(globalThis, name, listener),
  };
}
