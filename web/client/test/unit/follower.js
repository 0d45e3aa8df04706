import assert from 'node:assert';
import test from 'node:test';
import { Follower } from '../../dist/follower.js';
import { Follows } from '../../dist/follows.js';

/* A follower, all that it says, and the last cursor that it vouches for. */
function begin(follows, { since, messageBytes = 65536 } = {}) {
  const it = { said: [], cursor: since, retries: 0 };
  it.follower = new Follower({
    follows,
    since,
    messageBytes,
    send: (message) => it.said.push(message),
    cursor: (cursor) => (it.cursor = cursor),
    retryLater: () => it.retries++,
  });
  it.hear = (...messages) => messages.forEach((message) => it.follower.hear(message));
  return it;
}

const followsOf = (...runners) => {
  const follows = new Follows();
  follows.add({ runners });
  return follows;
};
const ack = (number) => ({ type: 'ack', id: `follow ${number}` });
const pong = (number) => ({ type: 'pong', id: `follow ${number}`, time: 1 });
const told = (type, cursor) => ({ type, positions: [], ...(cursor && { cursor }) });
const states = (follows) => follows.all().map((it) => it.state);

test('who is new is covered once the snapshot is whole', () => {
  const follows = followsOf(7);
  const { said, hear } = begin(follows);
  assert.deepStrictEqual(said, [{ type: 'follow', id: 'follow 1', runners: [7], groups: [] }]);
  hear(ack(1), told('snapshot'));
  assert.deepStrictEqual(states(follows), ['wanted']);
  hear(told('snapshot', 'c1'));
  assert.deepStrictEqual(states(follows), ['covered']);
});

test('one request at a time, and what changes meanwhile comes behind it', () => {
  const follows = followsOf(7);
  const it = begin(follows);
  follows.add({ runners: [8], groups: ['elite'] });
  it.follower.changed(undefined);
  assert.strictEqual(it.said.length, 1);
  it.hear(ack(1), told('snapshot', 'c1'));
  assert.deepStrictEqual(it.said[1], { type: 'follow', id: 'follow 2', runners: [8], groups: ['elite'] });
});

test('who was covered comes with the cursor, who is new without', () => {
  const follows = followsOf(7);
  begin(follows).hear(ack(1), told('snapshot', 'c1'));
  follows.add({ runners: [8] });
  const { said, hear } = begin(follows, { since: 'c1' });
  hear(ack(1), told('positions'), told('positions', 'c2'));
  assert.deepStrictEqual(said, [
    { type: 'follow', id: 'follow 1', runners: [7], groups: [], since: 'c1' },
    { type: 'follow', id: 'follow 2', runners: [8], groups: [] },
  ]);
});

test('who was asked for when the connection ended is asked for without a cursor again', () => {
  const follows = followsOf(7);
  begin(follows).hear(ack(1), told('snapshot', 'c1'));
  follows.add({ runners: [8] });
  const second = begin(follows, { since: 'c1' });
  second.hear(ack(1), told('positions', 'c2'), ack(2));
  assert.deepStrictEqual(states(follows), ['covered', 'wanted']);
  const third = begin(follows, { since: second.cursor });
  assert.deepStrictEqual(third.said[0], { type: 'follow', id: 'follow 1', runners: [7], groups: [], since: 'c2' });
});

test('while parts are resumed the old cursor counts', () => {
  const ids = Array.from({ length: 30 }, (_, i) => `runner-number-${i}`);
  const follows = followsOf(...ids);
  const first = begin(follows);
  first.hear(ack(1), told('snapshot', 'c1'));
  const it = begin(follows, { since: 'c1', messageBytes: 1500 });
  it.hear(ack(1), told('positions', 'c2'));
  assert.strictEqual(it.cursor, 'c1');
  assert.deepStrictEqual(it.said.slice(1).map(({ type, since }) => [type, since]), [['follow', 'c1'], ['ping', undefined]]);
  it.hear(ack(2), told('positions', 'c3')); // live, of those of the first part
  assert.strictEqual(it.cursor, 'c1');
  it.hear(told('positions', 'c4'), pong(2));
  assert.strictEqual(it.cursor, 'c4');
  assert.deepStrictEqual(it.said.filter((one) => one.type === 'follow').flatMap((one) => one.runners), ids);
});

test('a reset leads to a snapshot, which covers', () => {
  const follows = followsOf(7);
  begin(follows).hear(ack(1), told('snapshot', 'c1'));
  const it = begin(follows, { since: 'c1' });
  it.hear({ type: 'reset', id: 'follow 1', reason: 'too_much' }, ack(1), told('snapshot', 'c9'));
  assert.deepStrictEqual([it.cursor, states(follows)], ['c9', ['covered']]);
});

test('some who are not allowed keep nothing from the others', () => {
  const follows = followsOf(7, 8);
  const it = begin(follows);
  it.hear({ type: 'error', id: 'follow 1', code: 'not_allowed', message: '', ids: [8] }, ack(1), told('snapshot', 'c1'));
  assert.strictEqual(it.cursor, 'c1');
});

test('what is refused is not asked for again on this connection, but on the next', () => {
  const follows = followsOf(7);
  const it = begin(follows);
  it.hear({ type: 'error', id: 'follow 1', code: 'too_many_follows', message: '' });
  it.follower.changed(undefined);
  assert.deepStrictEqual([it.said.length, states(follows)], [1, ['refused']]);
  assert.strictEqual(begin(follows, { since: 'c1' }).said.length, 1);
});

test('what came too fast is asked for again a little later', () => {
  const it = begin(followsOf(7));
  it.hear({ type: 'error', id: 'follow 1', code: 'too_many_messages', message: '' });
  it.follower.changed(undefined);
  assert.deepStrictEqual([it.said.length, it.retries], [1, 1]);
  it.follower.retry();
  assert.deepStrictEqual(it.said[1].runners, [7]);
});

test('the pace goes with the request, or alone when nobody is new', () => {
  const follows = followsOf(7);
  follows.setPace(1000);
  const it = begin(follows);
  assert.strictEqual(it.said[0].every, 1000);
  it.hear(ack(1), told('snapshot', 'c1'));
  follows.setPace(0);
  it.follower.changed(undefined);
  assert.deepStrictEqual(it.said[1], { type: 'follow', runners: [], every: 0 });
});

test('who is left while asked for, and wanted again, is asked for again', () => {
  const follows = followsOf(7);
  const it = begin(follows);
  follows.remove({ runners: [7] });
  it.follower.changed({ runners: [7] });
  follows.add({ runners: [7] });
  it.follower.changed(undefined);
  it.hear(ack(1), told('snapshot', 'c1'));
  assert.deepStrictEqual(it.said.map((one) => one.type), ['follow', 'unfollow', 'follow']);
});
