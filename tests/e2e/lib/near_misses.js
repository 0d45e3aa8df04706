'use strict';
/*
 * near_misses: grants that nearly let their bearer, who is called ben, at `secret-runner`: both ways are named. The groups that
 * they speak of are those of GROUPS.
 */
const SECRET = 'secret-runner';
const GROUPS = `{"mine": ["${SECRET}"], "others": ["secret-runner2", "Secret-*"]}`;

const NEAR_MISSES = {
  'nothing at all': {},
  'a longer id': { follow: ['secret-runner2'], publish: ['secret-runner2'] },
  'a shorter id': { follow: ['secret-runne'], publish: ['secret-runne'] },
  'another case': { sub: 'Secret-runner', follow: ['SECRET-RUNNER'], publish: ['SECRET-RUNNER'] },
  'a longer prefix': { follow: ['secret-runner-*'], publish: ['secret-runner-*'] },
  'a prefix of another case': { follow: ['Secret-*'], publish: ['Secret-*'] },
  'a star that is not at the end': { follow: ['sec*runner'], publish: ['sec*runner'] },
  'a group of others': { follow: ['group:others'], publish: ['group:others'] },
  'a group of another case': { follow: ['group:Mine'], publish: ['group:Mine'] },
  'a group that is none': { follow: ['group:nobody'], publish: ['group:nobody'] },
  "a group's name without the word": { follow: ['mine'], publish: ['mine'] },
  'a group where there are none': { publish: ['group:mine'] },
};

module.exports = { GROUPS, NEAR_MISSES, SECRET };
