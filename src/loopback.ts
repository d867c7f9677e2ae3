/** Addresses that nothing beyond this machine can see or be seen from. */

/** Whether `host`, a name or an address (of IPv6 with or without brackets), is this machine. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || /^\[?::1\]?$/.test(host) || /^127(\.\d{1,3}){3}$/.test(host);
}
