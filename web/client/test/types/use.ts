/*
 * What users write has these types; this is checked, and never run.
 */
import { IndexedDbStorage, SpectateClient, type ClientState, type Position, type Runner } from '../../dist/index.js';

const client = new SpectateClient({
  url: 'wss://race.example/',
  token: async () => 'token',
  WebSocket,
  fetch,
  storage: new IndexedDbStorage({ name: 'mine' }),
  queue: { limit: 100, overflow: 'drop' },
});

export const off: () => void = client.on('positions', ({ positions, isSnapshot }) => {
  const those: Position[] = positions;
  return isSnapshot ? those.length : 0;
});

export function describe(state: ClientState): string {
  switch (state.name) {
    case 'connecting':
    case 'live':
      return state.transport;
    case 'reconnecting':
    case 'offline':
      return new Date(state.atMs).toISOString();
    case 'closed':
      return state.why.reason;
  }
}

client.follow([7, 'ann'], { every: 1000 });
client.unfollow({ groups: ['elite'] });
export const saved: Promise<void> = client.publish({ userId: 7, lat: 48.8568, lng: 2.2927 });
export const runner: Runner | undefined = client.runner(7);

// @ts-expect-error there is no such event
client.on('nothing', () => {});
// @ts-expect-error a position has a latitude
void client.publish({ lng: 2 });
