// Serves `/livez` with five checks by terminus. Prints its address, and ends with its input.
'use strict';
const http = require('http');
const { createTerminus } = require('@godaddy/terminus');

const checks = [0, 1, 2, 3, 19].map((number) => [`level_5_check_${number}`, async () => true]);
const server = http.createServer((_, response) => response.end('hello'));
createTerminus(server, {
  healthChecks: {
    '/livez': async () => {
      const results = await Promise.all(checks.map(async ([name, check]) => [name, await check()]));
      return Object.fromEntries(results);
    },
  },
});
server.listen(0, '127.0.0.1', () => console.log(`127.0.0.1:${server.address().port}`));
process.stdin.on('end', () => process.exit(0)).resume();
